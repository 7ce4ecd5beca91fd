/** What a value of the scheduler is in an answer: instants in ISO 8601, `null` for nothing. */
export type Json<T> = unknown extends T
  ? T
  : T extends Date
    ? string
    : T extends undefined
      ? null
      : T extends readonly (infer E)[]
        ? Json<E>[]
        : T extends object
          ? {
              [K in keyof T]: T extends Record<K, T[K]>
                ? Json<T[K]>
                : Json<Exclude<T[K], undefined>>;
            }
          : T;

/** Writes a value of the scheduler as it is in an answer. */
export function asJson<T>(value: T): Json<T> {
  return written(value) as Json<T>;
}

function written(value: unknown): unknown {
  if (value === undefined) return null;
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(written);
  const answer: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) {
    // What a pipeline returned may have any name; assigned, this one would be no field.
    if (name === "__proto__")
      Object.defineProperty(answer, name, { value: written(part), enumerable: true });
    else answer[name] = written(part);
  }
  return answer;
}
