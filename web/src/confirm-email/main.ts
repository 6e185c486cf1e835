import { confirmEmail } from "../page/api.ts";
import { onSubmit } from "../page/form.ts";
import { openByLink } from "../page/link.ts";
import { translate } from "../page/page.ts";

translate("confirmEmail");
const link = openByLink();
onSubmit("confirm", () => confirmEmail(link), "confirmed");
