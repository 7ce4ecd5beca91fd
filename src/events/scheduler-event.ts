import { EVENT_BITS, type EventName, type StoredEvent } from "../jobs/event.ts";
import { type ErrorCause, reasonOf, type StoredError } from "../core/stored-error.ts";

/** The error that a listener receives: a reconstruction, since the original stayed in its process. */
export type EventException = Error & {
  code?: string;
  /** The errors of an aggregate error, such as one from `Promise.any`. */
  errors?: EventException[];
};

/**
 * What a listener receives: APScheduler's fields in camelCase, followed by ours. Fields that don't apply to an event
 * are absent.
 */
export interface SchedulerEvent {
  /** The event's bit; compare with `EVENT_…`. */
  readonly code: number;
  /** The event's name, such as `JOB_ERROR`. */
  readonly name: EventName;
  /** When it happened, by the server's clock. */
  readonly time: Date;
  readonly jobId?: string;
  /** The nominal fire time of the occurrence; the latest if there are several. */
  readonly scheduledRunTime?: Date;
  /** JOB_EXECUTED: what the pipeline returned, truncated if it was large. */
  readonly retval?: unknown;
  /** JOB_ERROR: what went wrong. An `Error` made from the run's stored error, with its `cause` and `errors`. */
  readonly exception?: EventException;
  /** JOB_ERROR: the stack of the run's error. */
  readonly traceback?: string;
  readonly runId?: string;
  readonly attempt?: number;
  readonly worker?: string;
  /** How many occurrences the event stands for. */
  readonly count?: number;
  /** Why, in a word or a sentence; for an error, its message with the underlying cause. */
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

/** Like the language's own, not enumerable. */
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
