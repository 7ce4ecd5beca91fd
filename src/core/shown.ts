import { types } from "node:util";

const MAX_TEXT = 60;
const MAX_KEYS = 5;

/**
 * A value that was given wrongly, for a message: short, on one line, never failing. Of objects and lists only what they
 * are, since there may be secrets in them; passwords in URLs are left out.
 */
export function shown(value: unknown): string {
  try {
    return show(value);
  } catch {
    return "what can't be read";
  }
}

/** Only what kind of value it is, for what must not be shown. */
export function shownKind(value: unknown): string {
  if (typeof value === "string") return value === "" ? "an empty text" : "a text";
  if (typeof value === "number" && Number.isFinite(value)) return "a number";
  return typeof value === "bigint" ? "a bigint" : shown(value);
}

function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
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

function quoted(text: string): string {
  return JSON.stringify(cut(text.replaceAll(/:\/\/[^/@\s]*@/g, "://…@")));
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
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
  const named = keys.slice(0, MAX_KEYS).map(cut).join(", ");
  return `an object with ${named}${keys.length > MAX_KEYS ? ", …" : ""}`;
}
