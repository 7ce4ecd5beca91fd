import type { StoredError } from "../core/stored-error.ts";

/**
 * What is kept in place of a result that can't be kept whole.
 * @template K Names of the result's fields, which can be read on this too: they aren't there.
 */
export type UnkeptResult<K extends PropertyKey = never> = {
  /** It was longer than 4 KiB as JSON. */
  readonly $truncated?: true;
  /** How long it was, if `$truncated`. */
  readonly bytes?: number;
  /** It couldn't be written as JSON, because reading it threw. */
  readonly $unserializable?: true;
  /** Why, if `$unserializable`. */
  readonly reason?: string;
  /** The beginning of its JSON, or of what Node.js prints for it. */
  readonly preview?: string;
  /** What is stored was damaged. */
  readonly $unreadable?: true;
} & { readonly [_ in K]?: undefined };

/**
 * What `run.result` is for a pipeline whose `run` returns `R`, or a promise of it: its JSON, {@link UnkeptResult}, or
 * `undefined` if there is none, such as after an error. `unknown` where the type doesn't tell: `unknown`, and objects
 * with methods, of which only their own fields are kept.
 *
 * A type doesn't tell that a number is `NaN`, that a `Date` is invalid, that a field is a class's getter, that an object
 * contains itself, or that a value is a secret of the params: these are marked or masked, as `docs/pipelines.md` says.
 */
export type StoredResult<R> = Stored<Awaited<R>> extends infer S ? Kept<S> : never;

type Kept<S> = unknown extends S
  ? unknown
  : [S] extends [Short]
    ? S | undefined
    : S | Unkept<Extract<S, object>> | undefined;

/** What is never cut. */
type Short = number | boolean | null | undefined;

type Unkept<O> = [Extract<O, readonly unknown[]>] extends [never]
  ? string extends keyof O
    ? UnkeptResult
    : UnkeptResult<Exclude<keyof O, keyof UnkeptResult>>
  : UnkeptResult;

/** What a value is after it was written by `summarizeResult` and read again. */
type Stored<T> = unknown extends T
  ? unknown
  : T extends string | number | boolean | null
    ? T
    : T extends undefined | void
      ? undefined
      : T extends bigint
        ? { $type: "bigint"; value: string }
        : T extends object
          ? StoredObject<T>
          : unknown;

type StoredObject<T extends object> = T extends readonly unknown[]
  ? { [K in keyof T]: StoredItem<T[K]> }
  : T extends { toJSON: (...args: never[]) => infer J }
    ? // It is called once.
      J extends { toJSON: unknown }
      ? unknown
      : Stored<J>
    : T extends Map<infer K, infer V>
      ? { $type: "Map"; entries: [StoredItem<K>, StoredItem<V>][] }
      : T extends Set<infer V>
        ? { $type: "Set"; values: StoredItem<V>[] }
        : // Any object with a name and a message has the shape of an error, whose stack is optional.
          "stack" extends keyof T
          ? T extends Error
            ? Omit<StoredError, "stack">
            : StoredFields<T>
          : StoredFields<T>;

/** In lists, JSON writes `null` for `undefined`. */
type StoredItem<T> = T extends undefined | void ? null : Stored<T>;

type StoredFields<T extends object> = T extends AnyFunction
  ? unknown
  : [keyof T] extends [never]
    ? unknown
    : [MethodOf<T>] extends [never]
      ? Fields<T> extends infer F
        ? { [K in keyof F]: F[K] }
        : never
      : unknown;

/** A field that can be `undefined` may be missing. */
type Fields<T> = {
  [K in keyof T as undefined extends T[K] ? never : Name<K>]: Stored<T[K]>;
} & {
  [K in keyof T as undefined extends T[K] ? Name<K> : never]?: Stored<Exclude<T[K], undefined>>;
};

/** Symbols are no names in JSON. */
type Name<K> = K extends symbol ? never : K;

type AnyFunction = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

/** The names of the fields that can be functions. */
type MethodOf<T> = {
  [K in keyof T]-?: unknown extends T[K]
    ? never
    : [Extract<T[K], AnyFunction>] extends [never]
      ? never
      : K;
}[keyof T];
