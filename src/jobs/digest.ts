import { createHash } from "node:crypto";

/** JSON whose text does not depend on the order of keys; dates as ISO text, absent fields left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

/** A short digest of a JSON value: equal values, equal digests. */
export function digest(value: unknown): string {
  return createHash("sha1").update(canonicalJson(value)).digest("base64url").slice(0, 20);
}
