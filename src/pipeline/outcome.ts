import { inspect, types } from "node:util";
import { CronduitError } from "../core/errors.ts";
import type { SecretValues } from "./secret-values.ts";

/** Whether a run that returned has succeeded. */
export type RunOutcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: CronduitError; readonly result: unknown };

/** An error as the ledger keeps it: bounded, plain, and free of what a store can't hold. */
export interface RunError {
  /** The error's class, or `NonError` if something else was thrown. */
  readonly name: string;
  readonly message: string;
  /** Its `code`, if it has one. */
  readonly code?: string;
  /** With the stacks of its causes. */
  readonly stack: string;
}

/** What masks the secrets of a run's params, if it has any. */
type Secrets = SecretValues | undefined;

const MAX_NAME = 100;
const MAX_MESSAGE = 2_000;
const MAX_STACK = 8_000;
const MAX_CAUSES = 5;
/** Text is masked before it is cut: of half a secret nothing would be found. This only bounds what that costs. */
const MAX_UNMASKED = 256 * 1024;
const FRAMES = "\n    at ";

/** Reads what a pipeline returned: `{ success: false, error }` means that it failed, everything else that it did not. */
export function interpretResult(value: unknown, secrets?: Secrets): RunOutcome {
  if (typeof value !== "object" || value === null) return { ok: true, result: value };
  const success = readField(value, "success");
  if (success !== false && success !== UNREADABLE) return { ok: true, result: value };
  if (success === UNREADABLE)
    return {
      ok: false,
      result: undefined,
      error: reported("The pipeline's result can't be read."),
    };
  const reason = [readField(value, "error"), readField(value, "message")].find(
    (field) => field !== undefined && field !== null && field !== UNREADABLE,
  );
  if (reason === undefined)
    return {
      ok: false,
      result: value,
      error: reported("The pipeline reported a failure without a reason."),
    };
  return {
    ok: false,
    result: value,
    error: reported(describeError(reason, secrets).message, reason),
  };
}

function reported(message: string, reason?: unknown): CronduitError {
  return new CronduitError("RUN_REPORTED_FAILURE", message, {
    cause: typeof reason === "object" ? reason : undefined,
  });
}

/**
 * Describes whatever was thrown. Never throws itself, whatever it is given.
 * @param secrets Masked in all its texts.
 */
export function describeError(thrown: unknown, secrets?: Secrets): RunError {
  try {
    return describe(thrown, secrets);
  } catch {
    const message = "(an error that can't be read)";
    return { name: "NonError", message, stack: message };
  }
}

function describe(thrown: unknown, secrets: Secrets): RunError {
  const { name, message } = heading(thrown, secrets);
  const code = isObject(thrown) ? readField(thrown, "code") : undefined;
  return {
    name,
    message,
    ...(typeof code === "string" || typeof code === "number"
      ? { code: keptText(String(code), MAX_NAME, secrets) }
      : {}),
    stack: storableText(
      causesOf(thrown)
        .map((cause) => stackOf(cause, secrets))
        .join("\nCaused by: "),
      MAX_STACK,
    ),
  };
}

function heading(thrown: unknown, secrets: Secrets): { name: string; message: string } {
  if (!isErrorLike(thrown)) {
    const text = typeof thrown === "string" ? thrown : preview(thrown);
    return { name: "NonError", message: keptText(text, MAX_MESSAGE, secrets) };
  }
  const name = textOf(thrown, "name") || "Error";
  const message = textOf(thrown, "message") || innerMessages(thrown) || "(no message)";
  return {
    name: keptText(name, MAX_NAME, secrets),
    message: keptText(message, MAX_MESSAGE, secrets),
  };
}

/** Node gives an AggregateError without a message when a connection to each of several addresses failed. */
function innerMessages(thrown: object): string {
  const errors = readField(thrown, "errors");
  if (!Array.isArray(errors)) return "";
  return errors
    .slice(0, MAX_CAUSES)
    .map((inner: unknown) => (isObject(inner) ? textOf(inner, "message") : preview(inner)))
    .join("; ");
}

/** The error, its cause, the cause's cause, and so on. */
function causesOf(thrown: unknown): unknown[] {
  const chain: unknown[] = [];
  for (
    let at = thrown;
    chain.length < MAX_CAUSES && !chain.includes(at);
    at = readField(at, "cause")
  ) {
    chain.push(at);
    if (!isObject(at)) break;
    const cause = readField(at, "cause");
    if (cause === undefined || cause === null || cause === UNREADABLE) break;
  }
  return chain;
}

/** The stack with its first lines rebuilt, so that a huge message doesn't push the frames out. */
function stackOf(thrown: unknown, secrets: Secrets): string {
  const { name, message } = heading(thrown, secrets);
  const stack = isObject(thrown) ? textOf(thrown, "stack") : "";
  const framesAt = stack.indexOf(FRAMES);
  return `${name}: ${message}${framesAt < 0 ? "" : keptText(stack.slice(framesAt), MAX_STACK, secrets)}`;
}

/**
 * What the ledger keeps of a result: its JSON, or, if that is longer than `maxBytes` or can't be made, JSON that says
 * so: `{ "$truncated": true, "bytes", "preview" }` or `{ "$unserializable": true, "reason", "preview" }`. Big integers
 * become text, cycles `"[Circular]"`, errors their name and message. Never throws.
 * @param maxBytes - In UTF-8; less than 128 counts as 128.
 * @param secrets Masked in its values, and where they can't be mistaken in keys.
 * @returns `undefined` if the result is `undefined`.
 */
export function summarizeResult(
  value: unknown,
  maxBytes: number,
  secrets?: Secrets,
): string | undefined {
  if (value === undefined) return undefined;
  const limit = Math.max(maxBytes, 128);
  try {
    const json = JSON.stringify(value, tolerantReplacer(secrets)) as string | undefined;
    if (json === undefined)
      return unserializable(value, `JSON can't hold a ${typeof value}`, limit, secrets);
    const text = cleanJson(json);
    const bytes = Buffer.byteLength(text);
    return bytes <= limit
      ? text
      : fitted(text, limit, (cut) => ({ $truncated: true, bytes, preview: cut }));
  } catch (error) {
    return unserializable(value, describeError(error, secrets).message, limit, secrets);
  }
}

function unserializable(value: unknown, reason: string, limit: number, secrets: Secrets): string {
  const why = storableText(reason, Math.min(200, Math.floor(limit / 8)));
  return fitted(keptText(preview(value), MAX_UNMASKED, secrets), limit, (cut) => ({
    $unserializable: true,
    reason: why,
    preview: cut,
  }));
}

/** The longest start of `text` with which the marker stays within the limit: quoting may double its length. */
function fitted(text: string, limit: number, marker: (cut: string) => object): string {
  let length = Math.min(text.length, limit);
  for (;;) {
    const json = JSON.stringify(marker(storableText(text, length)));
    const excess = Buffer.byteLength(json) - limit;
    if (excess <= 0 || length <= 0) return json;
    length = Math.max(0, length - Math.ceil(excess / 6));
  }
}

function tolerantReplacer(
  secrets: Secrets,
): (this: unknown, key: string, value: unknown) => unknown {
  const ancestors: { readonly value: unknown; readonly written: unknown }[] = [];
  return function replace(this: unknown, key: string, given: unknown): unknown {
    const value = unboxed(given);
    if (!isObject(value) || typeof value === "function") {
      const plain = secrets ? secrets.inPlain(value, key) : value;
      return typeof plain === "bigint" ? plain.toString() : plain;
    }
    while (ancestors.length > 0 && ancestors.at(-1)?.written !== this) ancestors.pop();
    if (ancestors.some((ancestor) => ancestor.value === value)) return "[Circular]";
    const plain = inspectableError(value, secrets);
    const written = secrets ? secrets.inKeys(plain) : plain;
    ancestors.push({ value, written });
    return written;
  };
}

/** JSON takes the value out of such an object too, but after it was asked what to write. */
function unboxed(value: unknown): unknown {
  return types.isBoxedPrimitive(value) ? value.valueOf() : value;
}

/** JSON makes `{}` of an error. */
function inspectableError(value: object, secrets: Secrets): object {
  if (!(value instanceof Error)) return value;
  const { name, message, code } = describeError(value, secrets);
  return { name, message, ...(code === undefined ? {} : { code }) };
}

const UNREADABLE = Symbol("unreadable");

/** A field of an object that may be a proxy or have getters which throw. */
function readField(value: unknown, key: string): unknown {
  try {
    return isObject(value) ? Reflect.get(value, key) : undefined;
  } catch {
    return UNREADABLE;
  }
}

function textOf(value: object, key: string): string {
  const field = readField(value, key);
  return typeof field === "string" ? field : "";
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Not `instanceof`: an error may come from another realm, such as a `vm` or a worker thread. */
function isErrorLike(value: unknown): value is object {
  return (
    isObject(value) &&
    (typeof readField(value, "stack") === "string" ||
      typeof readField(value, "message") === "string")
  );
}

function preview(value: unknown): string {
  try {
    return inspect(value, {
      depth: 2,
      customInspect: false,
      maxArrayLength: 20,
      maxStringLength: 500,
      breakLength: Infinity,
    });
  } catch {
    return `(a ${typeof value} that can't be shown)`;
  }
}

/** Text as it is kept: without secrets, and then at most `limit` characters of it. */
export function keptText(text: string, limit: number, secrets: Secrets): string {
  if (!secrets) return storableText(text, limit);
  const bounded = text.length <= MAX_UNMASKED ? text : `${text.slice(0, MAX_UNMASKED)}…`;
  return storableText(secrets.inText(bounded), limit);
}

/** At most `limit` characters, without what Postgres' JSON can't hold: NUL and halves of surrogate pairs. */
export function storableText(text: string, limit: number): string {
  const cut = text.length <= limit ? text : `${text.slice(0, Math.max(0, limit - 1))}…`;
  return cut.replaceAll(/\p{Surrogate}|\0/gu, "\uFFFD");
}

/** The same for JSON text, where they stand as escapes. */
function cleanJson(json: string): string {
  return json.replaceAll(/\\(?:u(?:0000|d[89a-f]\w\w)|.)/gi, (escape) =>
    /^\\u(?:0000|d)/i.test(escape) ? "\uFFFD" : escape,
  );
}
