import { forgotPassword } from "../page/api.ts";
import { onSubmit } from "../page/form.ts";
import { element, show, translate } from "../page/page.ts";

translate("forgotPassword");
show("ask");

const email = element<HTMLInputElement>("email");
onSubmit("forgot", () => forgotPassword(email.value.trim()), "sent");
