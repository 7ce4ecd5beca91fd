import { hash, randomBytes } from "node:crypto";
import { stringify } from "safe-stable-stringify";

/** The identity of a job that has no id. */
export interface Identity {
  readonly pipeline: string;
  /** Without secrets: ids appear in logs and URLs, where a short secret could be guessed from its digest. */
  readonly params: unknown;
  /** As written: the resolved trigger depends on "now". */
  readonly trigger: unknown;
}

/** Leaves room for the digest in the 128 characters of an id. */
const MAX_NAME = 100;
const NOT_IN_IDS = /[^\p{L}\p{N} _.:@/+=~#%-]/gu;

/** The id of a job declared without one: the same for the same pipeline, params and trigger, in every process and at every boot. */
export function derivedId({ pipeline, params, trigger }: Identity): string {
  const text = stringify([pipeline, params, trigger]) ?? "";
  return `${prefixOf(pipeline)}-${hash("sha256", text, "hex").slice(0, 16)}`;
}

/** The id of a job declared without one, if each call means another job. */
export function randomId(pipeline: string): string {
  return `${prefixOf(pipeline)}-${randomBytes(8).toString("hex")}`;
}

/** A pipeline's name, as the start of an id. */
function prefixOf(pipeline: string): string {
  const name = pipeline.slice(0, MAX_NAME).replaceAll(NOT_IN_IDS, "-");
  return /^[\p{L}\p{N}_]/u.test(name) ? name : `_${name}`;
}
