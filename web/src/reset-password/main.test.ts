import { beforeEach, expect, test, vi } from "vitest";
import html from "../../reset-password.html?raw";
import { en } from "../messages/en.ts";
import { field, heading, press, problem, requests, server, silent, text, visible, visitor } from "../page/visit.ts";

const open = visitor(html, "/reset-password", () => import("./main.ts"));
const { shared } = en;
const texts = en.pages.resetPassword;

beforeEach(() => open("#user_id=u1&token=t1"));

function send(password: string): void {
  field("password").value = password;
  press("reset");
}

test("opening the link changes nothing and strips the token from the address bar", () => {
  expect(heading()).toBe(texts.askTitle);
  expect(silent()).toEqual([]);
  expect(location.href).not.toContain("t1");
  expect(server).not.toHaveBeenCalled();
});

test("the password is set as it was typed, and does not stay in the page", async () => {
  server.mockResolvedValue(new Response(null, { status: 204 }));
  send(" tall ships sail at noon ");
  await vi.waitFor(() => expect(heading()).toBe(texts.doneTitle));
  expect(requests()).toEqual([["/api/v1/auth/password/reset", { user_id: "u1", token: "t1", password: " tall ships sail at noon " }]]);
  expect(document.activeElement?.textContent).toBe(texts.doneTitle);
  expect(field("password").value).toBe("");
});

test("no name could carry the password into an address, and no limit cuts it", () => {
  expect(field("password").name).toBe("");
  expect(field("password").hasAttribute("maxlength")).toBe(false);
});

test("the password can be shown, and is hidden again when it is sent", () => {
  server.mockReturnValue(new Promise(() => {}));
  const { password, reveal } = { password: field("password"), reveal: field("reveal") };
  expect(password.type).toBe("password");
  reveal.click();
  expect(password.type).toBe("text");
  reveal.click();
  expect(password.type).toBe("password");
  reveal.click();
  send("tall ships sail at noon");
  expect(password.type).toBe("password");
  expect(reveal.checked).toBe(false);
});

test("a refused password stays, with every reason below it", async () => {
  const reasons: [string, string][] = [["/password", "Use at least 15 characters."], ["/password", "Too many people use this."]];
  server.mockResolvedValueOnce(problem(422, "invalid-request", reasons));
  send("password");
  const password = field("password");
  await vi.waitFor(() => expect(text("password-error")).toBe("Use at least 15 characters.\nToo many people use this."));
  expect(heading()).toBe(texts.askTitle);
  expect(password.value).toBe("password");
  expect(password.getAttribute("aria-invalid")).toBe("true");
  expect(document.activeElement).toBe(password);

  server.mockResolvedValueOnce(new Response(null, { status: 204 }));
  send("tall ships sail at noon");
  await vi.waitFor(() => expect(heading()).toBe(texts.doneTitle));
  expect(text("password-error")).toBe("");
});

test.each([
  ["used up", () => problem(400, "invalid-token")],
  ["damaged", () => problem(422, "invalid-request", [["/user_id", "This is not a UUID."]])],
])("a link %s leads to a new one", async (_name, answer) => {
  expect(visible('a[href="/forgot-password"]')).toBe(false);
  server.mockResolvedValue(answer());
  send("tall ships sail at noon");
  await vi.waitFor(() => expect(heading()).toBe(shared.refusedTitle));
  expect(visible('a[href="/forgot-password"]')).toBe(true);
});

test.each([
  ["429", () => problem(429, "rate-limited", [], { "Retry-After": "30" }), shared.busyUntil.replace("{when}", "in 30 seconds")],
  ["503", () => problem(503, "busy"), shared.failed],
])("after %s one can try again without typing", async (_name, answer, said) => {
  server.mockResolvedValueOnce(answer());
  send("tall ships sail at noon");
  await vi.waitFor(() => expect(text("error")).toBe(said));
  server.mockResolvedValueOnce(new Response(null, { status: 204 }));
  press("reset");
  await vi.waitFor(() => expect(heading()).toBe(texts.doneTitle));
  expect(requests()[1]).toEqual(requests()[0]);
});

test("without a link the page leads to a new one", async () => {
  vi.resetModules();
  await open();
  expect(heading()).toBe(shared.missingTitle);
  expect(visible("#reset")).toBe(false);
  expect(visible('a[href="/forgot-password"]')).toBe(true);
});
