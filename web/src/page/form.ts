import type { Answer, Failure } from "./api.ts";
import { complain, element, finish, heading, language, messages } from "./page.ts";

const texts = messages.shared;

/**
 * Sends a form, once however often it is pressed. Its fields have the names of the request's members as ids. What is
 * wrong with one is said below it; a failure that the page has a section for shows that; after any other one can try again.
 */
export function onSubmit(id: string, send: () => Answer, done: string): void {
  const form = element<HTMLFormElement>(id);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const failure = await attempt(form, send);
    const refused = [...form.querySelectorAll<HTMLInputElement>("[aria-describedby]")].filter((field) => judge(field, failure));
    if (!failure) {
      form.reset();
      finish(done);
    } else if (refused[0]) {
      refused[0].focus();
    } else if (heading(codeOf(failure))) {
      finish(codeOf(failure));
    } else {
      complain(complaint(failure));
    }
  });
}

/** Waits for a request, with its button disabled. */
async function attempt(form: HTMLFormElement, send: () => Answer): Answer {
  const button = form.querySelector("button") as HTMLButtonElement;
  button.disabled = true;
  complain("");
  element("progress").textContent = texts.progress;
  const answer = await send();
  element("progress").textContent = "";
  button.disabled = false;
  button.focus();
  return answer;
}

/** Says below a field what is wrong with it, and tells whether anything is. What was typed stays. */
function judge(field: HTMLInputElement, failure: Failure | undefined): boolean {
  const details = (failure?.errors ?? []).filter((error) => error.pointer === `/${field.id}`).map((error) => error.detail);
  const refused = details.length > 0;
  field.setAttribute("aria-invalid", String(refused));
  element(`${field.id}-error`).textContent = refused && field.id === "email" ? texts.badEmail : details.join("\n");
  return refused;
}

/** The problem's code. A link that was cut or mistyped does not match the contract; to the reader that is a bad link too. */
function codeOf(failure: Failure): string {
  const damaged = failure.errors.some(({ pointer }) => pointer === "/user_id" || pointer === "/token");
  return damaged ? "invalid-token" : failure.code;
}

function complaint({ status, wait }: Failure): string {
  if (status === 0) return texts.unreachable;
  if (status !== 429) return texts.failed;
  return wait > 0 ? texts.busyUntil.replace("{when}", after(wait)) : texts.busy;
}

/** In how many seconds, minutes or hours, in words. */
function after(seconds: number): string {
  const words = new Intl.RelativeTimeFormat(language);
  if (seconds < 120) return words.format(Math.ceil(seconds), "second");
  if (seconds < 7200) return words.format(Math.ceil(seconds / 60), "minute");
  return words.format(Math.ceil(seconds / 3600), "hour");
}
