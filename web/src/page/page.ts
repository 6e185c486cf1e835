import { type Messages, pick } from "../messages/messages.ts";

/** What all pages say, in the reader's language. */
export const { language, messages } = pick(navigator.languages);

/** The element of this page with this id. */
export function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

/** Writes the texts of this page into every element that names one. */
export function translate(page: keyof Messages["pages"]): void {
  const texts: Record<string, string> = { ...messages.shared, ...messages.pages[page] };
  document.documentElement.lang = language;
  for (const target of document.querySelectorAll<HTMLElement>("[data-text]")) {
    target.textContent = texts[target.dataset.text ?? ""] ?? "";
  }
}

/** Shows what belongs to one state of the page, and nothing of the others. */
export function show(state: string): void {
  for (const part of document.querySelectorAll<HTMLElement>("[data-when]")) part.hidden = !belongs(part, state);
  document.title = heading(state)?.textContent ?? "";
  complain("");
}

/** Shows a last state, and moves the focus to its heading so that a screen reader goes on reading there. */
export function finish(state: string): void {
  show(state);
  heading(state)?.focus();
}

/** The heading of a state; undefined when this page does not know the state. */
export function heading(state: string): HTMLElement | undefined {
  const headings = document.querySelectorAll<HTMLElement>("section[data-when] > h1");
  return [...headings].find((h1) => h1.parentElement && belongs(h1.parentElement, state));
}

/** Says below everything else why it did not work. */
export function complain(text: string): void {
  element("error").textContent = text;
}

function belongs(part: HTMLElement, state: string): boolean {
  return (part.dataset.when ?? "").split(" ").includes(state);
}
