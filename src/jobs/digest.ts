import { hash } from "node:crypto";
import { stringify } from "safe-stable-stringify";

/**
 * A short digest of a JSON value: equal values give equal digests. The order of keys and absent fields don't matter.
 */
export function digest(value: unknown): string {
  return hash("sha1", stringify(value) ?? "", "base64url").slice(0, 20);
}
