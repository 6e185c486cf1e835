import { expect, test, vi } from "vitest";
import html from "../../forgot-password.html?raw";
import { en } from "../messages/en.ts";
import { field, heading, press, problem, requests, server, silent, text, visitor } from "../page/visit.ts";

const open = visitor(html, "/forgot-password", () => import("./main.ts"));
const { shared } = en;
const texts = en.pages.forgotPassword;

test("the page asks for an address", async () => {
  await open();
  expect(heading()).toBe(texts.askTitle);
  expect(document.title).toBe(texts.askTitle);
  expect(silent()).toEqual([]);
  expect(server).not.toHaveBeenCalled();
});

test("a mail is asked for, and the answer tells nothing about the account", async () => {
  server.mockResolvedValue(new Response(null, { status: 202 }));
  await open();
  field("email").value = " ada@example.org ";
  press("forgot");
  await vi.waitFor(() => expect(heading()).toBe(shared.sentTitle));
  expect(requests()).toEqual([["/api/v1/auth/password/forgot", { email: "ada@example.org" }]]);
  expect(document.body.textContent).toContain("If the address belongs to an account, a mail is on its way.");
  expect(document.activeElement?.textContent).toBe(shared.sentTitle);
});

test("a bad address can be mended", async () => {
  server.mockResolvedValueOnce(problem(422, "invalid-request", [["/email", "This is not an e-mail address."]]));
  await open();
  const email = field("email");
  email.value = "nonsense";
  press("forgot");
  await vi.waitFor(() => expect(text("email-error")).toBe(shared.badEmail));
  expect(email.value).toBe("nonsense");
  expect(email.getAttribute("aria-invalid")).toBe("true");
  expect(document.activeElement).toBe(email);

  server.mockResolvedValueOnce(new Response(null, { status: 202 }));
  press("forgot");
  await vi.waitFor(() => expect(heading()).toBe(shared.sentTitle));
  expect(email.getAttribute("aria-invalid")).toBe("false");
  expect(text("email-error")).toBe("");
});

test("who asks too often is told when to come back", async () => {
  server.mockResolvedValue(problem(429, "rate-limited", [], { "Retry-After": "600" }));
  await open();
  field("email").value = "ada@example.org";
  press("forgot");
  await vi.waitFor(() => expect(text("error")).toContain("in 10 minutes"));
  expect(heading()).toBe(texts.askTitle);
  expect(field("email").value).toBe("ada@example.org");
});
