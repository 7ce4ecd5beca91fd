import { types } from "node:util";
import { describeError } from "../pipeline/outcome.ts";
import type { SentParams } from "./child-protocol.ts";

/** A copy of params that is equal in a child process: class instances would arrive without their class. */
export function sentParams(value: unknown): SentParams {
  try {
    const lost = lostClass(value, "", new Set());
    return lost === undefined ? { value: structuredClone(value) } : { problem: lost };
  } catch (error) {
    return { problem: describeError(error).message };
  }
}

/** Types that structured clone preserves. */
const KEPT = [types.isDate, types.isRegExp, types.isAnyArrayBuffer, types.isArrayBufferView];

function lostClass(value: unknown, path: string, seen: Set<unknown>): string | undefined {
  if (typeof value !== "object" || value === null || seen.has(value)) return undefined;
  seen.add(value);
  if (KEPT.some((isKept) => isKept(value)) || types.isNativeError(value)) return undefined;
  const parts: Iterable<readonly [unknown, unknown]> =
    types.isMap(value) || types.isSet(value) ? value.entries() : Object.entries(value);
  for (const [key, part] of parts) {
    const at = `${path}${path === "" ? "" : "."}${String(key)}`;
    const lost = lostClass(part, at, seen);
    if (lost !== undefined) return lost;
  }
  const owner = (Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null)
    ?.constructor;
  const isPlain =
    owner === undefined || Array.isArray(value) || types.isMap(value) || types.isSet(value);
  if (isPlain || owner.name === "Object") return undefined;
  return `${path === "" ? "the value" : path} is an instance of ${owner.name ?? "a class"}`;
}
