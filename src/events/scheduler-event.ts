import { EVENT_BITS, type EventName, type StoredEvent } from "../jobs/event.ts";
import type { DetailsOf, EventException } from "./event-fields.ts";
import { type ErrorCause, reasonOf, type StoredError } from "../core/stored-error.ts";

/** Fields that every event has. */
interface EventHead<N extends EventName> {
  /** The event's bit; compare with `EVENT_…`. */
  readonly code: number;
  /** The event's name, e.g. `JOB_ERROR`. Comparing it narrows the other fields. */
  readonly name: N;
  /** When it happened, by the server's clock. */
  readonly time: Date;
  /** The owner of the event's job; absent if it had none. */
  readonly owner?: string;
}

/**
 * An event as a listener receives it; its name determines its fields. If `N` is left out it is any event, and a field that
 * only some events have may be `undefined` until `name` is compared.
 * @template N The event's name, as in `SchedulerEvent<"JOB_ERROR">`.
 */
export type SchedulerEvent<N extends EventName = EventName> = N extends EventName
  ? EventHead<N> & DetailsOf<N>
  : never;

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
  const { name, at, fireAt, error, result, until, ...rest } = stored;
  // The engines write the fields that EVENT_FIELDS lists.
  return {
    code: EVENT_BITS[name],
    name,
    time: new Date(at),
    ...(error === undefined ? {} : { reason: reasonOf(error) }),
    ...rest,
    ...(fireAt === undefined ? {} : { scheduledRunTime: new Date(fireAt) }),
    ...(until === undefined ? {} : { until: new Date(until) }),
    ...(result === undefined ? {} : { retval: result }),
    ...(error === undefined ? {} : { exception: exceptionOf(error) }),
    ...(error?.stack === undefined ? {} : { traceback: error.stack }),
  } as unknown as SchedulerEvent;
}
