import { types } from "node:util";

/**
 * Keys from the outside in. `*` stands for any key or index, `**` for any number of keys, and `#` at the end for the
 * keys themselves.
 */
export type SecretPath = readonly string[];

/** Replaces a secret. */
export const MASK = "[secret]";

/** Stands in a path for any key or index. */
export const EVERY_KEY = "*";
/** Stands in a path for any number of keys, including none. */
export const ANY_DEPTH = "**";
/** Ends a path whose secrets are the keys of the value there. */
export const KEYS = "#";

/** What remains of each path at a value. */
export type Rests = readonly SecretPath[];

/** The paths as they start at a value: one that starts with any depth may also end its depth here. */
export function opened(rests: Rests): Rests {
  return rests.flatMap((rest) =>
    rest[0] === ANY_DEPTH ? [rest, ...opened([rest.slice(1)])] : [rest],
  );
}

/** What remains of them one key further in. */
export function below(rests: Rests, name: string): Rests {
  return rests.flatMap((rest) => {
    const [key] = rest;
    if (key === ANY_DEPTH) return [rest];
    return key === EVERY_KEY || key === name ? [rest.slice(1)] : [];
  });
}

/** Whether the value itself is secret, with all that is in it. */
export function isWhole(rests: Rests): boolean {
  return rests.some(({ length }) => length === 0);
}

/** A copy of a JSON value with the values at these paths masked. */
export function mask(value: unknown, paths: readonly SecretPath[]): unknown {
  if (paths.length === 0 || value === undefined) return value;
  const rests = opened(paths);
  if (isWhole(rests)) return MASK;
  if (Array.isArray(value))
    return value.map((item: unknown, i) => mask(item, below(rests, String(i))));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, mask(item, below(rests, name))]),
  );
}

/** Called with each plain value that is secret, and with its key unless that is an index. */
export type TakeSecret = (value: unknown, key: string | undefined) => void;

/** Finds the values at these paths, in JSON or in a schema's output. */
export function secretsAt(value: unknown, paths: readonly SecretPath[], take: TakeSecret): void {
  if (paths.length > 0) visit({ value, key: undefined }, paths, { take, around: new Set() });
}

interface Found {
  readonly value: unknown;
  readonly key: string | undefined;
}

interface Visit {
  readonly take: TakeSecret;
  readonly around: Set<object>;
}

function visit({ value, key }: Found, paths: Rests, tour: Visit): void {
  if (paths.length === 0) return;
  const rests = opened(paths);
  const isSecret = isWhole(rests);
  if (typeof value !== "object" || value === null) {
    if (isSecret) tour.take(value, key);
    return;
  }
  if (tour.around.has(value)) return;
  tour.around.add(value);
  if (isSecret) takeForms(value, key, tour.take);
  const takesKeys = rests.some(([first]) => first === KEYS);
  for (const [name, item] of partsOf(value)) {
    // The keys of a map are data; those of an object are field names.
    if (takesKeys || (isSecret && types.isMap(value))) visitKey(name, tour);
    const own = typeof name === "string" ? name : String(name);
    // Everything below a secret is secret.
    const inner = isSecret ? [[]] : below(rests, own);
    visit({ value: item, key: Array.isArray(value) ? key : own }, inner, tour);
  }
  tour.around.delete(value);
}

function visitKey(name: unknown, tour: Visit): void {
  visit({ value: name, key: undefined }, [[]], tour);
}

/** The texts that an object with its own conversion may become: a URL, a date, a decimal number, bytes. */
function takeForms(value: object, key: string | undefined, take: TakeSecret): void {
  if (ArrayBuffer.isView(value)) {
    take(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString(), key);
    return;
  }
  if (Array.isArray(value) || types.isMap(value) || types.isSet(value)) return;
  for (const form of ["toJSON", "toString", "valueOf"] as const) {
    const given = call(value, form);
    if (typeof given !== "object" && given !== "[object Object]") take(given, key);
  }
}

function call(value: object, method: string): unknown {
  try {
    const member: unknown = Reflect.get(value, method);
    return typeof member === "function" ? (Reflect.apply(member, value, []) as unknown) : undefined;
  } catch {
    return undefined;
  }
}

function partsOf(value: object): Iterable<readonly [unknown, unknown]> {
  if (ArrayBuffer.isView(value)) return [];
  if (types.isMap(value)) return value as ReadonlyMap<unknown, unknown>;
  if (types.isSet(value)) return [...value].map((item: unknown, i) => [String(i), item]);
  return Object.entries(value);
}
