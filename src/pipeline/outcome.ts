import { inspect, types } from "node:util";
import { CronduitError, isCronduitError } from "../core/errors.ts";
import type { SecretValues } from "./secrets/secret-values.ts";
import { type ErrorCause, fullReason, type StoredError } from "../core/stored-error.ts";
import { marked, markedObject } from "./json-marks.ts";

/** Whether a run that returned has succeeded. */
export type RunOutcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: CronduitError; readonly result: unknown };

/** An error as the ledger keeps it: bounded, plain, and free of characters that a store can't hold. */
export type RunError = StoredError & { readonly stack: string };

/** Masks the secrets of a run's params, if it has any. */
type Secrets = SecretValues | undefined;

const MAX_NAME = 100;
const MAX_MESSAGE = 2_000;
const MAX_STACK = 8_000;
const MAX_CAUSES = 5;
/** Text is masked before it is cut, since half a secret would go unnoticed. This bounds the cost. */
const MAX_UNMASKED = 256 * 1024;
const MAX_INNER_MESSAGE = 500;
/** Most inner errors in total. */
const MAX_INNER = 12;
const FRAMES = "\n    at ";

/**
 * Interprets a pipeline's return value: `{ success: false, error }` is a failure, everything else a success. An error of this
 * package's keeps its code; any other reason is one for `RUN_REPORTED_FAILURE`.
 */
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
  // It has a code of its own, which says more than that something was reported.
  if (isCronduitError(reason)) return { ok: false, result: value, error: reason };
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
 * Describes anything that was thrown. Never throws itself, whatever it is given.
 * @param secrets Masked in all texts.
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
  const start = { left: MAX_INNER, outer: [thrown], secrets };
  const { stack, ...causes } = behind(thrown, start);
  const error = { ...headed(thrown, MAX_MESSAGE, secrets), ...causes };
  const reason = fullReason(error);
  return {
    ...error,
    ...(reason === undefined ? {} : { reason: storableText(reason, MAX_MESSAGE) }),
    stack: storableText(stackOf(thrown, secrets) + stack, MAX_STACK),
  };
}

function headed(thrown: unknown, maxMessage: number, secrets: Secrets): ErrorCause {
  const { name, message } = heading(thrown, secrets);
  const code = isObject(thrown) ? readField(thrown, "code") : undefined;
  return {
    name,
    message: storableText(message, maxMessage),
    ...(typeof code === "string" || typeof code === "number"
      ? { code: keptText(String(code), MAX_NAME, secrets) }
      : {}),
  };
}

interface Descent {
  /** How many more errors may be included. */
  left: number;
  /** The errors on the way to this one, including itself, since causes can form a cycle. */
  readonly outer: readonly unknown[];
  readonly secrets: Secrets;
}

/** What is behind an error: its cause and the errors that it aggregates, with their stacks below each other. */
function behind(
  thrown: unknown,
  descent: Descent,
): Pick<ErrorCause, "cause" | "errors"> & { stack: string } {
  let stack = "";
  const include = (inner: unknown, intro: string): ErrorCause[] => {
    const isCycle = descent.outer.includes(inner) || descent.outer.length >= MAX_CAUSES;
    if (isCycle || descent.left === 0) return [];
    descent.left -= 1;
    const deeper = { ...descent, outer: [...descent.outer, inner] };
    const { stack: rest, ...causes } = behind(inner, deeper);
    descent.left = deeper.left;
    stack += `\n${intro}: ${stackOf(inner, descent.secrets)}${rest}`;
    return [{ ...headed(inner, MAX_INNER_MESSAGE, descent.secrets), ...causes }];
  };
  const errors = innerErrors(thrown).flatMap((inner) => include(inner, "One of its errors"));
  const given = readField(thrown, "cause");
  const isNone = given === undefined || given === null || given === UNREADABLE;
  const [cause] = isNone || !isErrorLike(thrown) ? [] : include(given, "Caused by");
  return { ...(cause && { cause }), ...(errors.length > 0 && { errors }), stack };
}

/**
 * The errors that an error stands for: those of `Promise.any`, or of `using` if disposal threw while another error was
 * on its way.
 */
function innerErrors(thrown: unknown): unknown[] {
  if (!isErrorLike(thrown)) return [];
  // Not `instanceof`: older Node versions lack the class, and compilers bring their own.
  if (textOf(thrown, "name") === "SuppressedError")
    return [readField(thrown, "suppressed"), readField(thrown, "error")];
  const errors = readField(thrown, "errors");
  return Array.isArray(errors) ? errors.slice(0, MAX_CAUSES) : [];
}

function heading(thrown: unknown, secrets: Secrets): { name: string; message: string } {
  if (!isErrorLike(thrown)) {
    const text = typeof thrown === "string" ? thrown : preview(thrown);
    return { name: "NonError", message: keptText(text, MAX_MESSAGE, secrets) };
  }
  const name = nameOf(thrown);
  const message = textOf(thrown, "message") || innerMessages(thrown) || "(no message)";
  return {
    name: keptText(name, MAX_NAME, secrets),
    message: keptText(message, MAX_MESSAGE, secrets),
  };
}

/**
 * The name of an error. Most error classes don't set one and inherit that of another class; then the class's own name
 * says more.
 */
function nameOf(thrown: object): string {
  const ownName = textOf(thrown, "name") || "Error";
  const prototype: unknown = Object.getPrototypeOf(thrown);
  if (!isObject(prototype) || Object.hasOwn(thrown, "name") || Object.hasOwn(prototype, "name"))
    return ownName;
  const owner = Object.hasOwn(prototype, "constructor")
    ? readField(prototype, "constructor")
    : undefined;
  return (isObject(owner) && textOf(owner, "name")) || ownName;
}

/** Node's AggregateError has no message if connecting to several addresses failed. */
function innerMessages(thrown: object): string {
  const errors = readField(thrown, "errors");
  if (!Array.isArray(errors)) return "";
  return errors
    .slice(0, MAX_CAUSES)
    .map((inner: unknown) => (isObject(inner) ? textOf(inner, "message") : preview(inner)))
    .join("; ");
}

/** The stack with its first lines rebuilt, so that a huge message doesn't displace the frames. */
function stackOf(thrown: unknown, secrets: Secrets): string {
  const { name, message } = heading(thrown, secrets);
  const stack = isObject(thrown) ? textOf(thrown, "stack") : "";
  const framesAt = stack.indexOf(FRAMES);
  return `${name}: ${message}${framesAt < 0 ? "" : keptText(stack.slice(framesAt), MAX_STACK, secrets)}`;
}

/**
 * What the ledger keeps of a result: its JSON. If that is longer than `maxBytes` or can't be made, JSON that says so:
 * `{ "$truncated": true, "bytes", "preview" }` or `{ "$unserializable": true, "reason", "preview" }`. Values that JSON
 * can't hold are marked by `$type` (see `marked`), cycles become `"[Circular]"`, errors become their name, message and
 * causes. Never throws.
 * @param maxBytes - In UTF-8; at least 128.
 * @param secrets Masked in values, and in keys where they are unmistakable.
 * @param onReplaced Called if the text contains NUL or lone surrogates, which become U+FFFD.
 * @returns `undefined` if the result is `undefined`.
 */
export function summarizeResult(
  value: unknown,
  maxBytes: number,
  secrets?: Secrets,
  onReplaced?: () => void,
): string | undefined {
  if (value === undefined) return undefined;
  const limit = Math.max(maxBytes, 128);
  try {
    const json = JSON.stringify(value, tolerantReplacer(secrets)) as string | undefined;
    if (json === undefined)
      return unserializable(value, `JSON can't hold a ${typeof value}`, limit, secrets);
    const text = cleanJson(json);
    if (text !== json) onReplaced?.();
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

/** The longest start of `text` that keeps the marker within the limit; quoting can double its length. */
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
    if (!isObject(value)) return marked(secrets ? secrets.inPlain(value, key) : value);
    while (ancestors.length > 0 && ancestors.at(-1)?.written !== this) ancestors.pop();
    if (ancestors.some((ancestor) => ancestor.value === value)) return "[Circular]";
    const plain = inspectableObject(value, secrets);
    const written = secrets ? secrets.inKeys(plain) : plain;
    ancestors.push({ value, written });
    return written;
  };
}

/** JSON unboxes such an object too, but only after calling the replacer. */
function unboxed(value: unknown): unknown {
  return types.isBoxedPrimitive(value) ? value.valueOf() : value;
}

/** JSON turns an error into `{}`. */
function inspectableObject(value: object, secrets: Secrets): object {
  if (!(value instanceof Error)) return markedObject(value);
  const { stack: _, ...rest } = describeError(value, secrets);
  return rest;
}

const UNREADABLE = Symbol("unreadable");

/** Reads a field of an object that may be a proxy or have throwing getters. */
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

/** Not `instanceof`: an error can come from another realm, such as a `vm` or a worker thread. */
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

/** Text as it is stored: without secrets, then cut to `limit` characters. */
export function keptText(text: string, limit: number, secrets: Secrets): string {
  if (!secrets) return storableText(text, limit);
  const bounded = text.length <= MAX_UNMASKED ? text : `${text.slice(0, MAX_UNMASKED)}…`;
  return storableText(secrets.inText(bounded), limit);
}

/** At most `limit` characters, without what PostgreSQL's JSON can't hold: NUL and lone surrogates. */
export function storableText(text: string, limit: number): string {
  const cut = text.length <= limit ? text : `${text.slice(0, Math.max(0, limit - 1))}…`;
  return cut.replaceAll(/\p{Surrogate}|\0/gu, "\uFFFD");
}

/** The same for JSON text, where those are escapes. */
function cleanJson(json: string): string {
  return json.replaceAll(/\\(?:u(?:0000|d[89a-f]\w\w)|.)/gi, (escape) =>
    /^\\u(?:0000|d)/i.test(escape) ? "\uFFFD" : escape,
  );
}
