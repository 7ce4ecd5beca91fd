import type { StoredEvent } from "../../jobs/event.ts";
import type { StoredError } from "../../core/stored-error.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import { readEach, readOne, readResult, type Tell } from "./readable.ts";

/** `result` and `error` are stored as JSON text, which servers pass on without parsing it. */
export type Written<T> = Omit<T, "result" | "error"> & {
  readonly result?: string;
  readonly error?: string;
};

/** Reads the parts that were written as text. One that can't be read becomes a marker: the row is worth more. */
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
 * JSON text that every server accepts. PostgreSQL's `jsonb` refuses NUL, and both it and Redis' `cjson` refuse lone surrogates,
 * which JSON allows; these become U+FFFD. Text inside text (definitions, params, results, errors) is not touched: there the
 * escapes are themselves escaped.
 */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!text.includes("\\u")) return text;
  return text.replaceAll(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g, "$1\\ufffd");
}
