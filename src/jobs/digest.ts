import { createHash } from "node:crypto";

/** JSON whose text does not depend on the order of keys; dates as ISO text, absent fields left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item) ? sorted(item) : item,
  );
}

/** The same object if its keys are in order: most are. */
function sorted(item: object): object {
  const keys = Object.keys(item);
  if (keys.every((key, i) => i === 0 || (keys[i - 1] ?? "") < key)) return item;
  return Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** A short digest of a JSON value: equal values, equal digests. */
export function digest(value: unknown): string {
  return createHash("sha1").update(canonicalJson(value)).digest("base64url").slice(0, 20);
}
