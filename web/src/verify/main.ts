import { confirmVerification, requestVerification } from "../page/api.ts";
import { onSubmit } from "../page/form.ts";
import { openByLink } from "../page/link.ts";
import { element, translate } from "../page/page.ts";

translate("verify");
const link = openByLink();
onSubmit("confirm", () => confirmVerification(link), "confirmed");

const email = element<HTMLInputElement>("email");
onSubmit("resend", () => requestVerification(email.value.trim()), "sent");
