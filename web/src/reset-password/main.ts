import { resetPassword } from "../page/api.ts";
import { onSubmit } from "../page/form.ts";
import { openByLink } from "../page/link.ts";
import { element, translate } from "../page/page.ts";

const password = element<HTMLInputElement>("password");
const reveal = element<HTMLInputElement>("reveal");

translate("resetPassword");
reveal.checked = false; // a reload keeps a tick
reveal.addEventListener("change", () => letRead(reveal.checked));

const link = openByLink();
onSubmit(
  "reset",
  () => {
    letRead(false); // browsers remember what is sent as plain text
    return resetPassword(link, password.value);
  },
  "done",
);

function letRead(readable: boolean): void {
  reveal.checked = readable;
  password.type = readable ? "text" : "password";
}
