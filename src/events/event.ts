import { EVENT_BITS, type EventName, type StoredEvent } from "../jobs/event.ts";
import { type ErrorCause, reasonOf, type StoredError } from "../core/stored-error.ts";

/** An error as a listener is given it: made anew, since the one that was thrown stayed where it was. */
export type EventException = Error & {
  code?: string;
  /** Of an error that stands for several, as `Promise.any` throws one: these. */
  errors?: EventException[];
};

/**
 * What a listener is given. The fields are APScheduler's in camelCase, and ours behind them; those that do not apply
 * to an event are absent.
 */
export interface SchedulerEvent {
  /** The event's bit; compare with `EVENT_…`. */
  readonly code: number;
  /** The event's name, e.g. `JOB_ERROR`. */
  readonly name: EventName;
  /** When it happened, by the server's clock. */
  readonly time: Date;
  readonly jobId?: string;
  /** The nominal fire time of the occurrence that the event is about; the latest of several. */
  readonly scheduledRunTime?: Date;
  /** JOB_EXECUTED: what the pipeline returned, cut if it was large. */
  readonly retval?: unknown;
  /** JOB_ERROR: what went wrong. An `Error` made of the run's stored error, with its `cause` and its `errors`. */
  readonly exception?: EventException;
  /** JOB_ERROR: the stack of the run's error. */
  readonly traceback?: string;
  readonly runId?: string;
  readonly attempt?: number;
  readonly worker?: string;
  /** How many occurrences the event stands for. */
  readonly count?: number;
  /** Why, in a word or a sentence; of an error its message with what was behind it. */
  readonly reason?: string;
}

function exceptionOf(stored: StoredError): EventException {
  const error = errorOf(stored);
  // The stack of this process would point at the listener.
  error.stack = stored.stack ?? `${stored.name}: ${stored.message}`;
  return error;
}

function errorOf({ name, message, code, cause, errors }: ErrorCause): EventException {
  const error: EventException = new Error(message);
  error.name = name;
  error.stack = `${name}: ${message}`;
  if (code !== undefined) error.code = code;
  if (cause !== undefined) define(error, "cause", errorOf(cause));
  if (errors !== undefined) define(error, "errors", errors.map(errorOf));
  return error;
}

/** As the language itself has them: not listed among its fields. */
function define(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, configurable: true, writable: true });
}

/** An event as listeners see it. */
export function toSchedulerEvent(stored: StoredEvent): SchedulerEvent {
  const { name, at, fireAt, error, result, ...rest } = stored;
  return {
    code: EVENT_BITS[name],
    name,
    time: new Date(at),
    ...(error === undefined ? {} : { reason: reasonOf(error) }),
    ...rest,
    ...(fireAt === undefined ? {} : { scheduledRunTime: new Date(fireAt) }),
    ...(result === undefined ? {} : { retval: result }),
    ...(error === undefined ? {} : { exception: exceptionOf(error) }),
    ...(error?.stack === undefined ? {} : { traceback: error.stack }),
  };
}
