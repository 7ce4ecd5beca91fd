import { types } from "node:util";

const MAX_TEXT = 60;
const MAX_KEYS = 5;

/**
 * Describes a rejected value for a message: short, on one line, never failing. Of objects and lists it shows only the
 * shape, since they may hold secrets; passwords in URLs are left out.
 */
export function shown(value: unknown): string {
  return shownUpTo(MAX_TEXT, value);
}

/** Like {@link shown}, with at most `most` characters of a string. */
export function shownUpTo(most: number, value: unknown): string {
  try {
    return show(value, most);
  } catch {
    return "an unreadable value";
  }
}

/** Names only the kind of value, for values that must not be shown. */
export function shownKind(value: unknown): string {
  if (typeof value === "string") return value === "" ? "an empty string" : "a string";
  if (typeof value === "number" && Number.isFinite(value)) return "a number";
  return typeof value === "bigint" ? "a bigint" : shown(value);
}

/**
 * Removes what may be passwords from the URLs in a text: everything between `://` and the last `@`, because people
 * don't always escape a `/` or `@`, and query parameters named like a password. A text that begins with a URL is
 * treated as one, blanks included.
 */
export function withoutPasswords(text: string): string {
  if (!text.includes("://")) return text;
  const parts = /^\s*[a-z][a-z\d+.-]{0,30}:\/\//i.test(text) ? [text] : text.split(/(\s+)/);
  return parts.map(withoutPassword).join("");
}

function withoutPassword(part: string): string {
  const from = part.indexOf("://");
  if (from < 0) return part;
  const begin = from + "://".length;
  const at = part.lastIndexOf("@");
  const clean = at < begin ? part : `${part.slice(0, begin)}…${part.slice(at)}`;
  return clean.replaceAll(/([?&](?:ssl)?pass(?:word|wd)?=)[^&\s"]+/gi, "$1…");
}

function show(value: unknown, most: number): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(cut(withoutPasswords(value), most));
    case "bigint":
      return `${String(value).slice(0, MAX_TEXT)}n`;
    case "symbol":
      return "a symbol";
    case "function":
      return value.name === "" ? "a function" : `the function ${cut(value.name)}`;
    case "object":
      return value === null ? "null" : showObject(value);
    case "undefined":
    case "boolean":
    case "number":
      return String(value);
  }
}

function cut(text: string, most = MAX_TEXT): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

function showObject(value: object): string {
  if (Array.isArray(value))
    return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (types.isDate(value))
    return Number.isNaN(value.getTime()) ? "an invalid Date" : `the Date ${value.toISOString()}`;
  if (value instanceof Promise) return "a promise (is an await missing?)";
  const name: unknown = (Reflect.get(value, "constructor") as { name?: unknown } | undefined)?.name;
  if (typeof name === "string" && name !== "" && name !== "Object")
    return `an instance of ${cut(name)}`;
  const keys = Object.keys(value);
  if (keys.length === 0) return "an empty object";
  const named = keys
    .slice(0, MAX_KEYS)
    .map((key) => cut(key))
    .join(", ");
  return `an object with ${named}${keys.length > MAX_KEYS ? ", …" : ""}`;
}
