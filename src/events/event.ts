import { EVENT_BITS, type EventName, type StoredEvent } from "../jobs/event.ts";
import type { StoredError } from "../jobs/run.ts";

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
  /** JOB_ERROR: what went wrong. An `Error` made of the run's stored error. */
  readonly exception?: Error & { readonly code?: string };
  /** JOB_ERROR: the stack of the run's error. */
  readonly traceback?: string;
  readonly runId?: string;
  readonly attempt?: number;
  readonly worker?: string;
  /** How many occurrences the event stands for. */
  readonly count?: number;
  /** Why, in a word or a sentence. */
  readonly reason?: string;
}

function exceptionOf({ name, message, code, stack }: StoredError): Error & { code?: string } {
  const error: Error & { code?: string } = new Error(message);
  error.name = name;
  if (code !== undefined) error.code = code;
  // The stack of this process would point at the listener.
  error.stack = stack ?? `${name}: ${message}`;
  return error;
}

/** An event as listeners see it. */
export function toSchedulerEvent(stored: StoredEvent): SchedulerEvent {
  const { name, at, fireAt, error, result, ...rest } = stored;
  return {
    code: EVENT_BITS[name],
    name,
    time: new Date(at),
    ...rest,
    ...(fireAt === undefined ? {} : { scheduledRunTime: new Date(fireAt) }),
    ...(result === undefined ? {} : { retval: result }),
    ...(error === undefined ? {} : { exception: exceptionOf(error) }),
    ...(error?.stack === undefined ? {} : { traceback: error.stack }),
  };
}
