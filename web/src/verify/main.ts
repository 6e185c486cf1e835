import { pick } from "../messages/messages.ts";
import { askForMail, confirm, type Outcome } from "./api.ts";
import { takeLink } from "./link.ts";
import { element, focus, type Section, show, translate } from "./page.ts";

const { language, messages } = pick(navigator.languages);
const texts = messages.verify;

let link = takeLink();
translate(language, texts);
show(link ? "ask" : "missing");

// The mailed link, opened in the tab that shows this page already, changes the fragment without loading the page again.
addEventListener("hashchange", () => {
  const next = takeLink();
  if (!next) return;
  link = next;
  complain("");
  show("ask");
});

element("confirm").addEventListener("click", async () => {
  if (!link) return;
  const outcome = await attempt("confirm", texts.confirming, confirm(link));
  if (outcome === "done") return finish("confirmed");
  if (outcome === "refused") return finish("refused");
  complain(texts[outcome]);
});

element("resend").addEventListener("submit", async (event) => {
  event.preventDefault();
  const email = element<HTMLInputElement>("email");
  const outcome = await attempt("send", texts.sending, askForMail(email.value.trim()));
  email.setAttribute("aria-invalid", String(outcome === "refused"));
  if (outcome === "done") return finish("sent");
  if (outcome !== "refused") return complain(texts[outcome]);
  complain(texts.badEmail);
  email.focus();
});

/** Waits for a request, with its button disabled so that it is sent once. */
async function attempt(button: string, progress: string, request: Promise<Outcome>): Promise<Outcome> {
  const pressed = element<HTMLButtonElement>(button);
  pressed.disabled = true;
  complain("");
  element("progress").textContent = progress;
  const outcome = await request;
  element("progress").textContent = "";
  pressed.disabled = false;
  pressed.focus();
  return outcome;
}

function finish(section: Section): void {
  show(section);
  focus(section);
}

function complain(text: string): void {
  element("error").textContent = text;
}
