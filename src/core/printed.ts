import { types } from "node:util";

/** Longer values are cut: a message is to be read. */
const MAX_SHOWN = 80;

/** A value as a message shows it: what was written, in short, and never failing on what JSON can't hold. */
export function printed(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, MAX_SHOWN));
  if (typeof value === "bigint") return `${value}n`.slice(0, MAX_SHOWN);
  if (typeof value === "symbol") return "a symbol";
  if (typeof value === "function") return /^class\b/.test(String(value)) ? "a class" : "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (types.isDate(value)) return printedDate(value);
  const own = value.constructor as { name?: unknown } | undefined;
  const kind = typeof own?.name === "string" ? own.name.slice(0, MAX_SHOWN) : "";
  // A Map or a RegExp would be shown as {}.
  if (kind !== "" && kind !== "Object" && kind !== "Array" && Object.keys(value).length === 0)
    return `${/^[AEIOU]/.test(kind) ? "an" : "a"} ${kind}`;
  try {
    return JSON.stringify(value, (_, item: unknown) => shown(item)).slice(0, MAX_SHOWN);
  } catch {
    return "an object that is not JSON";
  }
}

function printedDate(date: Date): string {
  const at = Date.prototype.getTime.call(date);
  return Number.isNaN(at) ? "an invalid Date" : `the Date ${new Date(at).toISOString()}`;
}

/** What JSON would leave out or make null is named. */
function shown(item: unknown): unknown {
  if (typeof item === "number" && !Number.isFinite(item)) return String(item);
  return item === undefined || ["bigint", "symbol", "function"].includes(typeof item)
    ? printed(item)
    : item;
}
