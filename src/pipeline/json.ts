import { counted } from "../core/counted.ts";

/** A value that survives `JSON.parse(JSON.stringify(value))` unchanged. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Why a value is not acceptable JSON, and where. */
export interface JsonProblem {
  readonly kind: "not-json" | "too-large";
  /** The path as in code: `items[3].name`; empty for the value itself. */
  readonly path: string;
  /** Completes a sentence whose subject is the value: "is a function, which JSON can't hold". */
  readonly problem: string;
}

/** A copy that shares nothing with the original, or the reason why there is none. */
export type JsonCopy =
  | { readonly ok: true; readonly value: JsonValue; readonly json: string }
  | { readonly ok: false; readonly problem: JsonProblem };

/** Keys that can reach a prototype when the fields of a parsed object are assigned one by one. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

const MAX_PATH = 200;

type Path = readonly (string | number)[];

class JsonError extends Error {
  readonly kind: JsonProblem["kind"];
  readonly path: Path;

  constructor(kind: JsonProblem["kind"], path: Path, problem: string) {
    super(problem);
    this.kind = kind;
    this.path = path;
  }
}

/** Prints a path as in code, up to 200 characters. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (typeof key === "string" && /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key))
      text += text === "" ? key : `.${key}`;
    else text += `[${JSON.stringify(String(key).slice(0, MAX_PATH))}]`;
    if (text.length > MAX_PATH) return `${text.slice(0, MAX_PATH)}…`;
  }
  return text;
}

/**
 * Copies a value that is plain JSON, and rejects any other. Used for what a program reads back (params, step results),
 * which must not change on the way. What is stored for people (results, log fields) is marked instead: see `marked`.
 *
 * Rejects values that JSON changes or drops (functions, symbols, `undefined` in a list, `NaN`, `BigInt`, `Date` and
 * other class instances), cycles, nesting deeper than `maxDepth`, and the keys `__proto__`, `constructor` and
 * `prototype`. A field with the value `undefined` counts as absent.
 */
export function copyJson(
  value: unknown,
  limits: { readonly maxBytes: number; readonly maxDepth: number },
): JsonCopy {
  try {
    const copy = new JsonCopier(limits).copy(value);
    const json = JSON.stringify(copy);
    const bytes = Buffer.byteLength(json);
    if (bytes > limits.maxBytes) throw tooLarge(limits.maxBytes, bytes);
    return { ok: true, value: copy, json };
  } catch (error) {
    if (!(error instanceof JsonError)) {
      // A getter or proxy of the caller threw, so the value can't be read.
      return { ok: false, problem: { kind: "not-json", path: "", problem: "can't be read" } };
    }
    const { kind, path, message } = error;
    return { ok: false, problem: { kind, path: formatPath(path), problem: message } };
  }
}

class JsonCopier {
  readonly #maxBytes: number;
  readonly #maxDepth: number;
  /** A lower bound of the text's size, to stop early at a small object graph that unfolds to gigabytes. */
  #bytes = 0;
  readonly #path: (string | number)[] = [];
  /** The objects that contain the current one. */
  readonly #ancestors: object[] = [];

  constructor(limits: { readonly maxBytes: number; readonly maxDepth: number }) {
    this.#maxBytes = limits.maxBytes;
    this.#maxDepth = limits.maxDepth;
  }

  copy(value: unknown): JsonValue {
    switch (typeof value) {
      case "string":
        this.#grow(value.length + 2);
        return value;
      case "boolean":
        this.#grow(4);
        return value;
      case "number":
        if (!Number.isFinite(value)) throw this.#notJson(`is ${value}, which JSON can't hold`);
        this.#grow(1);
        return value === 0 ? 0 : value;
      case "object":
        return value === null ? null : this.#copyObject(value);
      case "undefined":
        throw this.#notJson("is undefined, which JSON can't hold");
      case "function":
      case "symbol":
      case "bigint":
        throw this.#notJson(`is a ${typeof value}, which JSON can't hold`);
    }
  }

  #copyObject(value: object): JsonValue {
    if (this.#ancestors.includes(value))
      throw this.#notJson("refers back to an object that contains it");
    if (this.#ancestors.length >= this.#maxDepth)
      throw this.#notJson(`is nested deeper than ${counted(this.#maxDepth, "level")}`);
    this.#ancestors.push(value);
    const copy = Array.isArray(value) ? this.#copyItems(value) : this.#copyFields(value);
    this.#ancestors.pop();
    return copy;
  }

  #copyItems(items: readonly unknown[]): JsonValue[] {
    this.#grow(items.length + 2);
    return Array.from(items, (item, i) => this.#at(i, item));
  }

  #copyFields(value: object): JsonValue {
    if (!isPlain(value))
      throw this.#notJson(`is ${describeInstance(value)}, which JSON can't hold`);
    if (Object.getOwnPropertySymbols(value).length > 0)
      throw this.#notJson("has a symbol as a key, which JSON can't hold");
    this.#grow(2);
    const copy: Record<string, JsonValue> = {};
    for (const key of Object.keys(value)) {
      if (FORBIDDEN_KEYS.has(key))
        throw this.#notJson(`has the key "${key}", which is not allowed`);
      const field: unknown = Reflect.get(value, key);
      if (field === undefined) continue;
      this.#grow(key.length + 4);
      copy[key] = this.#at(key, field);
    }
    return copy;
  }

  #at(key: string | number, value: unknown): JsonValue {
    this.#path.push(key);
    const copy = this.copy(value);
    this.#path.pop();
    return copy;
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#maxBytes) throw tooLarge(this.#maxBytes);
  }

  #notJson(problem: string): JsonError {
    return new JsonError("not-json", this.#path, problem);
  }
}

function tooLarge(maxBytes: number, bytes?: number): JsonError {
  const size = bytes === undefined ? "" : ` has ${counted(bytes, "byte")} and`;
  return new JsonError(
    "too-large",
    [],
    `${size} exceeds the limit of ${counted(maxBytes, "byte")}`.trim(),
  );
}

/** Whether it is an object as made by a literal, in any realm. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another realm (`vm`, an iframe) has that realm's Object.prototype, which ends its own chain.
  return (
    prototype === null ||
    prototype === Object.prototype ||
    (Object.getPrototypeOf(prototype) === null &&
      Object.hasOwn(prototype as object, "isPrototypeOf"))
  );
}

/** The name of its class, if it has one; at most 80 characters. */
export function nameOfClass(value: object): string | undefined {
  const name: unknown = (Reflect.get(value, "constructor") as { name?: unknown } | undefined)?.name;
  return typeof name === "string" && name !== "" ? name.slice(0, 80) : undefined;
}

function describeInstance(value: object): string {
  const name = nameOfClass(value);
  if (name === "Date") return "a Date (pass an ISO 8601 string; `z.coerce.date()` reads it)";
  return name === undefined ? "not a plain object" : `an instance of ${name}`;
}
