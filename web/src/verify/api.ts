import type { Link } from "./link.ts";

/** How a request ended: done, refused for what was sent, or not carried out for a reason that can pass. */
export type Outcome = "done" | "refused" | "busy" | "failed" | "unreachable";

const patience = 15_000; // milliseconds

/** Confirms the e-mail address that the link was mailed to; refused when the link was used, has expired or is damaged. */
export function confirm(link: Link): Promise<Outcome> {
  return post("/api/v1/auth/verification/confirm", link);
}

/** Asks for a new mail; done says nothing about whether the address is known. */
export function askForMail(email: string): Promise<Outcome> {
  return post("/api/v1/auth/verification", { email });
}

async function post(path: string, body: object): Promise<Outcome> {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
      signal: AbortSignal.timeout(patience),
    });
    if (response.ok) return "done";
    if (response.status === 400 || response.status === 422) return "refused";
    return response.status === 429 ? "busy" : "failed";
  } catch {
    return "unreachable";
  }
}
