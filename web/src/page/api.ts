import type { Link } from "./link.ts";

/** Why a request was not carried out: a problem (RFC 9457), or status 0 when no answer came. */
export interface Failure {
  status: number;
  code: string;
  errors: FieldError[];
  /** The seconds after which another try may help; 0 when the server named none. */
  wait: number;
}

/** One member of the request that was refused, by its JSON Pointer. */
export interface FieldError {
  pointer: string;
  detail: string;
}

/** Undefined when the request was carried out. */
export type Answer = Promise<Failure | undefined>;

const patience = 15_000; // milliseconds

/** Confirms the e-mail address that the link was mailed to. */
export function confirmVerification(link: Link): Answer {
  return post("/auth/verification/confirm", link);
}

/** Asks for another verification mail; the answer does not tell whether the address is known. */
export function requestVerification(email: string): Answer {
  return post("/auth/verification", { email });
}

/** Asks for a mail with a link to a new password; the answer does not tell whether the address is known. */
export function forgotPassword(email: string): Answer {
  return post("/auth/password/forgot", { email });
}

/** Sets the password of the account that the link was mailed to, and ends its sessions. */
export function resetPassword(link: Link, password: string): Answer {
  return post("/auth/password/reset", { ...link, password });
}

/** Makes the address that the link was mailed to the address of its account. */
export function confirmEmail(link: Link): Answer {
  return post("/auth/email/confirm", link);
}

async function post(path: string, body: object): Answer {
  try {
    const response = await fetch(`/api/v1${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
      signal: AbortSignal.timeout(patience),
    });
    return response.ok ? undefined : await failure(response);
  } catch {
    return { status: 0, code: "", errors: [], wait: 0 };
  }
}

async function failure(response: Response): Promise<Failure> {
  // What stands between us and the server answers with pages of its own.
  const problem = (await response.json().catch(() => null)) as Partial<Failure> | null;
  return {
    status: response.status,
    code: problem?.code ?? "",
    errors: problem?.errors ?? [],
    wait: Number(response.headers.get("Retry-After")) || 0,
  };
}
