import { hash, randomBytes } from "node:crypto";
import { stringify } from "safe-stable-stringify";

/** What a job is known by if nobody named it. */
export interface Identity {
  readonly pipeline: string;
  /** Without their secrets: a short one could be found by trying, since ids stand in logs and URLs. */
  readonly params: unknown;
  /** As it was written: what is resolved depends on "now". */
  readonly trigger: unknown;
}

/** Leaves room for the digest in the 128 characters of an id. */
const MAX_NAME = 100;
const NOT_IN_IDS = /[^\p{L}\p{N} _.:@/+=~#%-]/gu;

/** The id of a job that nobody named: the same for the same pipeline, params and trigger, in each process and at each boot. */
export function derivedId({ pipeline, params, trigger }: Identity): string {
  const text = stringify([pipeline, params, trigger]) ?? "";
  return `${prefixOf(pipeline)}-${hash("sha256", text, "hex").slice(0, 16)}`;
}

/** The id of a job that nobody named and that is another one with each call. */
export function randomId(pipeline: string): string {
  return `${prefixOf(pipeline)}-${randomBytes(8).toString("hex")}`;
}

/** A pipeline's name as the beginning of an id. */
function prefixOf(pipeline: string): string {
  const name = pipeline.slice(0, MAX_NAME).replaceAll(NOT_IN_IDS, "-");
  return /^[\p{L}\p{N}_]/u.test(name) ? name : `_${name}`;
}
