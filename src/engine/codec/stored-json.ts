import type { StoredEvent } from "../../jobs/event.ts";
import type { StoredError } from "../../core/stored-error.ts";
import type { LedgerRow } from "../../jobs/run.ts";
import { readEach, readOne, readResult, type Tell } from "./readable.ts";

/** Servers hand on `result` and `error` as the JSON text that they got, and never take them apart. */
export type Written<T> = Omit<T, "result" | "error"> & {
  readonly result?: string;
  readonly error?: string;
};

/** Reads the parts that were written as text. One that can't be read is told in its place; the row is worth more than it. */
export function unpack<T extends StoredEvent | LedgerRow>(written: Written<T>): T {
  const { result, error, ...rest } = written;
  return {
    ...rest,
    ...(result === undefined ? {} : { result: readResult(result) }),
    ...(error === undefined ? {} : { error: readError(error) }),
  } as unknown as T;
}

/** An event or a row as it is written. */
export function pack<T extends StoredEvent | LedgerRow>({ result, error, ...rest }: T): Written<T> {
  return {
    ...rest,
    ...(result === undefined ? {} : { result: JSON.stringify(result) }),
    ...(error === undefined ? {} : { error: JSON.stringify(error) }),
  };
}

/** The events of one entry of the log that can be read. */
export function readEntry(json: string, tell: Tell): StoredEvent[] {
  const written = readOne("entry of events", () => JSON.parse(json) as unknown, tell);
  if (!Array.isArray(written)) return [];
  return readEach(written as Written<StoredEvent>[], "event", unpack<StoredEvent>, tell);
}

/** An error that was written as text. */
export function readError(json: string): StoredError {
  const error = readResult(json) as Partial<StoredError> | null;
  if (typeof error?.name === "string" && typeof error.message === "string")
    return error as StoredError;
  return { name: "Unreadable", message: "the stored error can't be read" };
}

/**
 * JSON text that every server takes. Postgres' `jsonb` refuses NUL, and both it and Redis' `cjson` refuse half a surrogate
 * pair, which JSON allows; they become U+FFFD. Text inside text (definitions, params, results, errors) is not touched:
 * there the escapes are themselves escaped.
 */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!text.includes("\\u")) return text;
  return text.replaceAll(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g, "$1\\ufffd");
}
