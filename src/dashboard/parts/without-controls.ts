/** Colours and other orders to a terminal (ECMA-48), whole. */
// oxlint-disable-next-line no-control-regex -- that is what it looks for
const SEQUENCE = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-Z\\-_])/g;
/** Other control characters, and those that turn the direction of a text around. */
// oxlint-disable-next-line no-control-regex -- that is what it looks for
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** What a program wrote, without orders to a terminal; what can't be seen is shown as a sign. */
export function withoutControls(text: string): string {
  return text.replaceAll(SEQUENCE, "").replaceAll(CONTROL, "\uFFFD");
}
