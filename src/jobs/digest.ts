import { hash } from "node:crypto";
import { stringify } from "safe-stable-stringify";

/** A short digest of a JSON value: equal values, equal digests. Neither the order of keys counts nor absent fields. */
export function digest(value: unknown): string {
  return hash("sha1", stringify(value) ?? "", "base64url").slice(0, 20);
}
