import { types } from "node:util";

/**
 * Keys from the outside in; `*` stands for every key or index, `**` for any number of keys, and `#` at the end for the keys
 * themselves.
 */
export type SecretPath = readonly string[];

/** What stands in the place of a secret. */
export const MASK = "[secret]";

/** Stands in a path for every key or index. */
export const EVERY_KEY = "*";
/** Stands in a path for any number of keys, none included. */
export const ANY_DEPTH = "**";
/** Ends a path whose secrets are the keys of what is found there. */
export const KEYS = "#";

/** What of each path is left where a value stands. */
type Rests = readonly SecretPath[];

/** The paths as they begin at a value: one that begins with any depth may also end its depth here. */
function opened(rests: Rests): Rests {
  return rests.flatMap((rest) =>
    rest[0] === ANY_DEPTH ? [rest, ...opened([rest.slice(1)])] : [rest],
  );
}

function below(rests: Rests, name: string): Rests {
  return rests.flatMap((rest) => {
    const [key] = rest;
    if (key === ANY_DEPTH) return [rest];
    return key === EVERY_KEY || key === name ? [rest.slice(1)] : [];
  });
}

function isWhole(rests: Rests): boolean {
  return rests.some(({ length }) => length === 0);
}

/** A copy of a JSON value with what stands at these paths masked. */
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

/** Called with each plain value that is secret, and with the key that it stands under, if it is no index. */
export type TakeSecret = (value: unknown, key: string | undefined) => void;

/** Finds the values at these paths, in JSON or in what a schema made of it. */
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
    // The keys of a map are what somebody put there; those of an object are its fields.
    if (takesKeys || (isSecret && types.isMap(value))) visitKey(name, tour);
    const own = typeof name === "string" ? name : String(name);
    // What lies below a secret is one too.
    const inner = isSecret ? [[]] : below(rests, own);
    visit({ value: item, key: Array.isArray(value) ? key : own }, inner, tour);
  }
  tour.around.delete(value);
}

function visitKey(name: unknown, tour: Visit): void {
  visit({ value: name, key: undefined }, [[]], tour);
}

/** The texts that an object with a form of its own may become: a URL, a date, a decimal number, bytes. */
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
    const made: unknown = Reflect.get(value, method);
    return typeof made === "function" ? (Reflect.apply(made, value, []) as unknown) : undefined;
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
