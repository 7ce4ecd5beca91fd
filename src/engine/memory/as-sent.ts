import { toJson } from "../codec/stored-json.ts";

/**
 * A copy of what somebody hands in or gets, as if it had been sent to a server: nobody can change the state from outside.
 * Absent where there is nothing.
 */
export function copyOf<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}

/**
 * A copy of a request as servers read it: NUL and lone surrogates become U+FFFD. Parts that servers keep as JSON text are
 * copied as they are.
 */
export function asSent<T extends object>(request: T, ...texts: readonly (keyof T)[]): T {
  const rest: Partial<T> = { ...request };
  const kept: Partial<T> = {};
  for (const name of texts) {
    const part = copyOf(request[name]);
    if (part !== undefined) kept[name] = part;
    delete rest[name];
  }
  return { ...(JSON.parse(toJson(rest)) as T), ...kept };
}
