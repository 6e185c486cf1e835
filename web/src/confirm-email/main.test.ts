import { expect, test, vi } from "vitest";
import html from "../../confirm-email.html?raw";
import { en } from "../messages/en.ts";
import { heading, press, problem, requests, server, silent, text, visible, visitor } from "../page/visit.ts";

const open = visitor(html, "/confirm-email", () => import("./main.ts"));
const link = "#user_id=u1&token=t1";
const { shared } = en;
const texts = en.pages.confirmEmail;

test("opening the link changes nothing and strips the token from the address bar", async () => {
  await open(link);
  expect(heading()).toBe(texts.askTitle);
  expect(silent()).toEqual([]);
  expect(location.href).not.toContain("t1");
  expect(server).not.toHaveBeenCalled();
});

test("the button confirms", async () => {
  server.mockResolvedValue(new Response(null, { status: 204 }));
  await open(link);
  press("confirm");
  await vi.waitFor(() => expect(heading()).toBe(texts.confirmedTitle));
  expect(requests()).toEqual([["/api/v1/auth/email/confirm", { user_id: "u1", token: "t1" }]]);
  expect(document.activeElement?.textContent).toBe(texts.confirmedTitle);
});

test.each([
  ["a used link", () => problem(400, "invalid-token"), shared.refusedTitle],
  ["a damaged link", () => problem(422, "invalid-request", [["/token", "too long"]]), shared.refusedTitle],
  ["an address that another account has", () => problem(409, "email-taken"), texts.takenTitle],
])("%s is the end", async (_name, answer, title) => {
  server.mockResolvedValue(answer());
  await open(link);
  press("confirm");
  await vi.waitFor(() => expect(heading()).toBe(title));
  expect(visible("#confirm")).toBe(false);
  expect(text("error")).toBe("");
});

test("after a failure one can try again", async () => {
  server.mockResolvedValueOnce(problem(409, "something-else"));
  await open(link);
  press("confirm");
  await vi.waitFor(() => expect(text("error")).toBe(shared.failed));
  server.mockResolvedValueOnce(new Response(null, { status: 204 }));
  press("confirm");
  await vi.waitFor(() => expect(heading()).toBe(texts.confirmedTitle));
});

test("without a link the page says so", async () => {
  await open();
  expect(heading()).toBe(shared.missingTitle);
});
