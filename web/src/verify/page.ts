import type { Messages } from "../messages/messages.ts";

/** The sections of verify.html, of which one is shown at a time. */
export type Section = "ask" | "confirmed" | "refused" | "missing" | "sent";

/** The element of verify.html with this id. */
export function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`verify.html has no #${id}`);
  return found as T;
}

/** Writes the texts of one language into every element that names one. */
export function translate(language: string, texts: Messages["verify"]): void {
  document.documentElement.lang = language;
  for (const target of document.querySelectorAll<HTMLElement>("[data-text]")) {
    target.textContent = texts[target.dataset.text as keyof typeof texts];
  }
}

/** Shows one section, with the form for a new mail where that is the way on. */
export function show(section: Section): void {
  for (const other of document.querySelectorAll<HTMLElement>("section")) other.hidden = other.id !== section;
  element("resend").hidden = section !== "refused" && section !== "missing";
  document.title = heading(section).textContent;
}

/** Moves the focus to a section's heading, so that a screen reader goes on reading there. */
export function focus(section: Section): void {
  heading(section).focus();
}

function heading(section: Section): HTMLElement {
  return element(section).querySelector("h1") as HTMLElement;
}
