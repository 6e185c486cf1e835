import { expect, test, vi } from "vitest";
import html from "../../verify.html?raw";
import { en } from "../messages/en.ts";
import { field, heading, press, problem, requests, server, silent, text, visible, visitor } from "../page/visit.ts";

const open = visitor(html, "/verify", () => import("./main.ts"));
const link = "#user_id=u1&token=t1";
const { shared } = en;
const { verify } = en.pages;

test("opening the link changes nothing and strips the token from the address bar", async () => {
  await open(link);
  expect(heading()).toBe(verify.askTitle);
  expect(document.title).toBe(verify.askTitle);
  expect(location.href).not.toContain("t1");
  expect(location.hash).toBe("");
  expect(server).not.toHaveBeenCalled();
});

test("every text of the page is there", async () => {
  await open(link);
  expect(silent()).toEqual([]);
});

test("the button confirms", async () => {
  server.mockResolvedValue(new Response("{}", { status: 200 }));
  await open(link);
  press("confirm");
  await vi.waitFor(() => expect(heading()).toBe(verify.confirmedTitle));
  expect(requests()).toEqual([["/api/v1/auth/verification/confirm", { user_id: "u1", token: "t1" }]]);
  expect(document.activeElement?.textContent).toBe(verify.confirmedTitle);
});

test("the button sends one request however often it is pressed", async () => {
  server.mockReturnValue(new Promise(() => {}));
  await open(link);
  press("confirm");
  press("confirm");
  expect(requests()).toHaveLength(1);
  expect(text("progress")).toBe(shared.progress);
});

test.each([
  ["used up", () => problem(400, "invalid-token")],
  ["without a whole token", () => problem(422, "invalid-request", [["/token", "too long"]])],
  ["without a whole id", () => problem(422, "invalid-request", [["/user_id", "no UUID"]])],
])("a link %s leads to a new mail", async (_name, answer) => {
  server.mockResolvedValueOnce(answer());
  await open(link);
  press("confirm");
  await vi.waitFor(() => expect(heading()).toBe(shared.refusedTitle));

  server.mockResolvedValueOnce(new Response(null, { status: 202 }));
  field("email").value = " ada@example.org ";
  press("resend");
  await vi.waitFor(() => expect(heading()).toBe(shared.sentTitle));
  expect(requests()[1]).toEqual(["/api/v1/auth/verification", { email: "ada@example.org" }]);
  expect(visible("#resend")).toBe(false);
});

test.each([
  ["500", () => Promise.resolve(problem(500, "internal")), shared.failed],
  ["503", () => Promise.resolve(problem(503, "busy")), shared.failed],
  ["a page of a proxy", () => Promise.resolve(new Response("<html>", { status: 400 })), shared.failed],
  ["429", () => Promise.resolve(problem(429, "rate-limited")), shared.busy],
  ["no network", () => Promise.reject(new TypeError("Failed to fetch")), shared.unreachable],
])("after %s one can try again", async (_name, answer, said) => {
  server.mockImplementationOnce(answer);
  await open(link);
  press("confirm");
  await vi.waitFor(() => expect(text("error")).toBe(said));
  expect(heading()).toBe(verify.askTitle);

  server.mockResolvedValueOnce(new Response("{}", { status: 200 }));
  press("confirm");
  await vi.waitFor(() => expect(heading()).toBe(verify.confirmedTitle));
  expect(text("error")).toBe("");
});

test.each([
  ["1", "in 1 second"],
  ["119", "in 119 seconds"],
  ["121", "in 3 minutes"],
  ["7200", "in 2 hours"],
])("a Retry-After of %s seconds is said as %o", async (seconds, words) => {
  server.mockResolvedValue(problem(429, "rate-limited", [], { "Retry-After": seconds }));
  await open(link);
  press("confirm");
  await vi.waitFor(() => expect(text("error")).toBe(shared.busyUntil.replace("{when}", words)));
});

test.each(["", "#", "#user_id=u1", "#token=t1", "#user_id=&token="])("without a whole link (%o) the page says so", async (fragment) => {
  await open(fragment);
  expect(heading()).toBe(shared.missingTitle);
  expect(visible("#resend")).toBe(true);
});

test("a second link opened in the same tab is taken", async () => {
  server.mockResolvedValue(new Response("{}", { status: 200 }));
  await open();
  history.replaceState(null, "", "/verify#user_id=u2&token=t2");
  window.dispatchEvent(new Event("hashchange"));
  expect(heading()).toBe(verify.askTitle);
  expect(visible("#resend")).toBe(false);
  expect(location.hash).toBe("");
  press("confirm");
  await vi.waitFor(() => expect(heading()).toBe(verify.confirmedTitle));
  expect(requests()).toEqual([["/api/v1/auth/verification/confirm", { user_id: "u2", token: "t2" }]]);
});
