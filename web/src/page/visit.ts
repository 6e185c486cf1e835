import { afterEach, beforeEach, vi } from "vitest";

/** For tests: stands in for the server that the pages ask. */
export const server = vi.fn<typeof fetch>();

/** For tests: makes a function that opens a page, fresh in each test, at its path and a fragment. */
export function visitor(html: string, path: string, main: () => Promise<unknown>): (fragment?: string) => Promise<void> {
  const listeners = vi.spyOn(window, "addEventListener");

  beforeEach(() => {
    vi.stubGlobal("fetch", server);
    document.write(html.replace(/<script.*<\/script>|<link .*>/g, ""));
  });

  afterEach(() => {
    for (const [type, listener] of listeners.mock.calls) window.removeEventListener(type, listener as EventListener);
    listeners.mockClear();
    server.mockReset();
    document.documentElement.innerHTML = "";
    vi.resetModules();
  });

  return async (fragment = "") => {
    history.replaceState(null, "", path + fragment);
    await main();
  };
}

/** A failure as the server tells it (RFC 9457). */
export function problem(status: number, code = "", fields: [pointer: string, detail: string][] = [], headers: HeadersInit = {}): Response {
  const errors = fields.map(([pointer, detail]) => ({ pointer, code: "invalid", detail }));
  return new Response(JSON.stringify({ status, code, errors }), { status, headers });
}

/** The requests that the page made so far, each as its path and its body. */
export function requests(): unknown[] {
  return server.mock.calls.map(([path, init]) => [path, JSON.parse(String(init?.body))]);
}

export function heading(): string {
  return document.querySelector("section:not([hidden]) h1")?.textContent ?? "";
}

export function text(id: string): string {
  return document.getElementById(id)?.textContent ?? "";
}

export function field(id: string): HTMLInputElement {
  return document.getElementById(id) as HTMLInputElement;
}

/** Whether a reader can see an element. */
export function visible(selector: string): boolean {
  return document.querySelector(selector)?.closest("[hidden]") === null;
}

/** Presses the button of a form. */
export function press(form: string): void {
  document.querySelector<HTMLButtonElement>(`#${form} button`)?.click();
}

/** The names of texts that the page lacks. */
export function silent(): (string | undefined)[] {
  const elements = [...document.querySelectorAll<HTMLElement>("[data-text]")];
  return elements.filter((element) => !element.textContent).map((element) => element.dataset.text);
}
