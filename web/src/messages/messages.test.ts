import { expect, test } from "vitest";
import { pick } from "./messages.ts";

test.each([[["en-GB"]], [["xx", "EN"]], [["xx"]], [[]], [[""]]])("%o is answered in English", (wanted: string[]) => {
  expect(pick(wanted).language).toBe("en");
});
