import { inspect } from "node:util";
import { CronduitError } from "../core/errors.ts";

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

const MAX_NAME = 100;
const MAX_MESSAGE = 2_000;
const MAX_STACK = 8_000;
const MAX_CAUSES = 5;
const FRAMES = "\n    at ";

/** Reads what a pipeline returned: `{ success: false, error }` means that it failed, everything else that it did not. */
export function interpretResult(value: unknown): RunOutcome {
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
  return { ok: false, result: value, error: reported(describeError(reason).message, reason) };
}

function reported(message: string, reason?: unknown): CronduitError {
  return new CronduitError("RUN_REPORTED_FAILURE", message, {
    cause: typeof reason === "object" ? reason : undefined,
  });
}

/** Describes whatever was thrown. Never throws itself, whatever it is given. */
export function describeError(thrown: unknown): RunError {
  try {
    return describe(thrown);
  } catch {
    const message = "(an error that can't be read)";
    return { name: "NonError", message, stack: message };
  }
}

function describe(thrown: unknown): RunError {
  const { name, message } = heading(thrown);
  const code = isObject(thrown) ? readField(thrown, "code") : undefined;
  return {
    name,
    message,
    ...(typeof code === "string" || typeof code === "number"
      ? { code: storableText(String(code), MAX_NAME) }
      : {}),
    stack: storableText(causesOf(thrown).map(stackOf).join("\nCaused by: "), MAX_STACK),
  };
}

function heading(thrown: unknown): { name: string; message: string } {
  if (!isErrorLike(thrown)) {
    const text = typeof thrown === "string" ? thrown : preview(thrown);
    return { name: "NonError", message: storableText(text, MAX_MESSAGE) };
  }
  const name = textOf(thrown, "name") || "Error";
  const message = textOf(thrown, "message") || innerMessages(thrown) || "(no message)";
  return { name: storableText(name, MAX_NAME), message: storableText(message, MAX_MESSAGE) };
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
function stackOf(thrown: unknown): string {
  const { name, message } = heading(thrown);
  const stack = isObject(thrown) ? textOf(thrown, "stack") : "";
  const framesAt = stack.indexOf(FRAMES);
  return `${name}: ${message}${framesAt < 0 ? "" : stack.slice(framesAt, framesAt + MAX_STACK)}`;
}

/**
 * What the ledger keeps of a result: its JSON, or, if that is longer than `maxBytes` or can't be made, JSON that says
 * so: `{ "$truncated": true, "bytes", "preview" }` or `{ "$unserializable": true, "reason", "preview" }`. Big integers
 * become text, cycles `"[Circular]"`, errors their name and message. Never throws.
 * @param maxBytes - In UTF-8; less than 128 counts as 128.
 * @returns `undefined` if the result is `undefined`.
 */
export function summarizeResult(value: unknown, maxBytes: number): string | undefined {
  if (value === undefined) return undefined;
  const limit = Math.max(maxBytes, 128);
  try {
    const json = JSON.stringify(value, tolerantReplacer()) as string | undefined;
    if (json === undefined)
      return unserializable(value, `JSON can't hold a ${typeof value}`, limit);
    const text = cleanJson(json);
    const bytes = Buffer.byteLength(text);
    return bytes <= limit
      ? text
      : fitted(text, limit, (cut) => ({ $truncated: true, bytes, preview: cut }));
  } catch (error) {
    return unserializable(value, storableText(describeError(error).message, 200), limit);
  }
}

function unserializable(value: unknown, reason: string, limit: number): string {
  const why = storableText(reason, Math.floor(limit / 8));
  return fitted(preview(value), limit, (cut) => ({
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

function tolerantReplacer(): (this: unknown, key: string, value: unknown) => unknown {
  const ancestors: unknown[] = [];
  return function replace(this: unknown, _key: string, value: unknown): unknown {
    if (typeof value === "bigint") return value.toString();
    if (!isObject(value) || typeof value === "function") return value;
    while (ancestors.length > 0 && ancestors.at(-1) !== this) ancestors.pop();
    if (ancestors.includes(value)) return "[Circular]";
    const plain = inspectableError(value);
    ancestors.push(plain);
    return plain;
  };
}

/** JSON makes `{}` of an error. */
function inspectableError(value: object): object {
  if (!(value instanceof Error)) return value;
  const { name, message, code } = describeError(value);
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
