/** English, the language that every other one is measured against. */
export const en = {
  verify: {
    askTitle: "Confirm your e-mail address",
    askText: "Press the button to confirm that this e-mail address is yours. Nothing has been changed so far.",
    confirm: "Confirm my e-mail address",
    confirming: "Confirming …",
    confirmedTitle: "Your e-mail address is confirmed",
    confirmedText: "You can sign in now, and close this page.",
    refusedTitle: "This link no longer works",
    refusedText: "It was used already, or it has expired. If you have confirmed your address before, you can simply sign in. If not, ask for a new mail.",
    missingTitle: "Open the link from your mail",
    missingText: "This page needs the link from the mail that we sent you. Open that link again, or ask for a new mail.",
    email: "E-mail address",
    resend: "Send a new mail",
    sending: "Sending …",
    sentTitle: "Check your mailbox",
    sentText: "If an account with this address is waiting to be confirmed, a new mail is on its way. If it does not come, look into the spam folder too.",
    badEmail: "Please enter an e-mail address like name@example.org.",
    busy: "There were too many tries just now. Nothing is lost: please wait a while and try again.",
    failed: "Something went wrong on our side. Nothing is lost: please try again in a moment.",
    unreachable: "The server could not be reached. Nothing is lost: check your connection and try again.",
  },
};
