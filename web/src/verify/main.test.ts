import { afterEach, beforeEach, expect, test, vi } from "vitest";
import html from "../../verify.html?raw";
import { en } from "../messages/en.ts";

const server = vi.fn<typeof fetch>();
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

async function open(fragment: string): Promise<void> {
  history.replaceState(null, "", `/verify${fragment}`);
  await import("./main.ts");
}

function heading(): string {
  return document.querySelector("section:not([hidden]) h1")?.textContent ?? "";
}

function error(): string {
  return document.getElementById("error")?.textContent ?? "";
}

function press(id: string): void {
  document.getElementById(id)?.click();
}

/** The requests that the page made so far, each as its address and its body. */
function requests(): unknown[] {
  return server.mock.calls.map(([path, init]) => [path, JSON.parse(String(init?.body))]);
}

test("opening the link changes nothing and strips the token from the address bar", async () => {
  await open("#user_id=u1&token=t1");
  expect(heading()).toBe(en.verify.askTitle);
  expect(location.href).not.toContain("t1");
  expect(location.hash).toBe("");
  expect(server).not.toHaveBeenCalled();
});

test("every text of the page is there", async () => {
  await open("#user_id=u1&token=t1");
  for (const element of document.querySelectorAll("[data-text]")) expect(element.textContent).not.toBe("");
});

test("the button confirms", async () => {
  server.mockResolvedValue(new Response("{}", { status: 200 }));
  await open("#user_id=u1&token=t1");
  press("confirm");
  await vi.waitFor(() => expect(heading()).toBe(en.verify.confirmedTitle));
  expect(requests()).toEqual([["/api/v1/auth/verification/confirm", { user_id: "u1", token: "t1" }]]);
  expect(document.activeElement?.textContent).toBe(en.verify.confirmedTitle);
});

test("the button sends one request however often it is pressed", async () => {
  server.mockReturnValue(new Promise(() => {}));
  await open("#user_id=u1&token=t1");
  press("confirm");
  press("confirm");
  expect(requests()).toHaveLength(1);
  expect(document.getElementById("progress")?.textContent).toBe(en.verify.confirming);
});

test.each([400, 422])("a link refused with %i leads to a new mail", async (status) => {
  server.mockResolvedValueOnce(new Response("{}", { status }));
  await open("#user_id=u1&token=t1");
  press("confirm");
  await vi.waitFor(() => expect(heading()).toBe(en.verify.refusedTitle));

  server.mockResolvedValueOnce(new Response(null, { status: 202 }));
  const email = document.getElementById("email") as HTMLInputElement;
  email.value = " ada@example.org ";
  press("send");
  await vi.waitFor(() => expect(heading()).toBe(en.verify.sentTitle));
  expect(requests()[1]).toEqual(["/api/v1/auth/verification", { email: "ada@example.org" }]);
});

test("a bad address can be mended", async () => {
  server.mockResolvedValue(new Response("{}", { status: 422 }));
  await open("");
  const email = document.getElementById("email") as HTMLInputElement;
  email.value = "nonsense";
  press("send");
  await vi.waitFor(() => expect(error()).toBe(en.verify.badEmail));
  expect(email.getAttribute("aria-invalid")).toBe("true");
  expect(document.activeElement).toBe(email);
});

test.each([
  ["500", () => Promise.resolve(new Response("{}", { status: 500 })), en.verify.failed],
  ["503", () => Promise.resolve(new Response("{}", { status: 503 })), en.verify.failed],
  ["429", () => Promise.resolve(new Response("{}", { status: 429 })), en.verify.busy],
  ["no network", () => Promise.reject(new TypeError("Failed to fetch")), en.verify.unreachable],
])("after %s one can try again", async (_name, answer, text) => {
  server.mockImplementationOnce(answer);
  await open("#user_id=u1&token=t1");
  press("confirm");
  await vi.waitFor(() => expect(error()).toBe(text));
  expect(heading()).toBe(en.verify.askTitle);

  server.mockResolvedValueOnce(new Response("{}", { status: 200 }));
  press("confirm");
  await vi.waitFor(() => expect(heading()).toBe(en.verify.confirmedTitle));
  expect(error()).toBe("");
});

test.each(["", "#", "#user_id=u1", "#token=t1", "#user_id=&token="])("without a whole link (%o) the page says so", async (fragment) => {
  await open(fragment);
  expect(heading()).toBe(en.verify.missingTitle);
  expect(document.getElementById("resend")?.hidden).toBe(false);
});

test("a second link opened in the same tab is taken", async () => {
  server.mockResolvedValue(new Response("{}", { status: 200 }));
  await open("");
  history.replaceState(null, "", "/verify#user_id=u2&token=t2");
  window.dispatchEvent(new Event("hashchange"));
  expect(heading()).toBe(en.verify.askTitle);
  expect(location.hash).toBe("");
  press("confirm");
  await vi.waitFor(() => expect(heading()).toBe(en.verify.confirmedTitle));
  expect(requests()).toEqual([["/api/v1/auth/verification/confirm", { user_id: "u2", token: "t2" }]]);
});
