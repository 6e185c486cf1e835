import { en } from "./en.ts";

/** All that the pages say. A further language is one more file of this shape. */
export type Messages = typeof en;

const languages = new Map<string, Messages>([["en", en]]);

/** The first of the reader's languages that the pages speak, else English. */
export function pick(wanted: readonly string[]): { language: string; messages: Messages } {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split("-")[0] ?? "";
    const messages = languages.get(language);
    if (messages) return { language, messages };
  }
  return { language: "en", messages: en };
}
