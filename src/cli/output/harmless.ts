/**
 * What commands a terminal (C0, C1, DEL), turns the text around it (bidi), ends lines or hides: escape sequences begin with one of
 * these, so without them there are none.
 */
const CONTROLS =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001F\u007F-\u009F\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB]|\p{Surrogate}|[\u{E0000}-\u{E007F}]/gu;
/** Colours, which programs write much and nobody needs. */
// oxlint-disable-next-line no-control-regex
const COLOURS = /(?:\u001B\[|\u009B)[\d;:]*m/g;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A text for one line of a terminal: what could command it is shown as an escape. */
export function harmless(text: string): string {
  return text.replaceAll(COLOURS, "").replaceAll(CONTROLS, escaped);
}

/** The lines of a text for a terminal, with their tabs. */
export function harmlessLines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => line.split("\t").map(harmless).join("\t"));
}

/** A value as JSON in one line that says the same, without characters that could command a terminal. */
export function harmlessJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(CONTROLS, inJson);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return SHORT[character] ?? (code <= 0xff ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`);
}

function inJson(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
    .join("");
}
