import type { Actor } from "../jobs/actor.ts";
import type { EventName } from "../jobs/event.ts";

/** The error that a listener receives: a reconstruction, since the original stayed in its process. */
export type EventException = Error & {
  code?: string;
  /** The errors of an aggregate error, such as one from `Promise.any`. */
  errors?: EventException[];
};

/** The fields of events besides name and time: APScheduler's in camelCase, followed by ours. */
export interface EventDetails {
  jobId: string;
  /** The nominal fire time of the occurrence; the latest if there are several. */
  scheduledRunTime: Date;
  /** What the pipeline returned, truncated if it was large. */
  retval: unknown;
  /** What went wrong: an `Error` made from the run's stored error, with its `cause` and its `errors`. */
  exception: EventException;
  /** The stack of the run's error. */
  traceback: string;
  /** The run; of JOB_COALESCED the one that the occurrences were merged into. */
  runId: string;
  /** Which attempt of the run, from 1. */
  attempt: number;
  /** The worker of the attempt. */
  worker: string;
  /** How many occurrences the event stands for. */
  count: number;
  /** Who made the change, or asked for the run, that the event tells. */
  by: Actor;
  /** Why, in a word or a sentence; for an error, its message with the underlying cause. */
  reason: string;
  /** What they wrote. */
  note: string;
  /** When the pause ends by itself. */
  until: Date;
}

interface Fields {
  readonly always: readonly (keyof EventDetails)[];
  readonly sometimes: readonly (keyof EventDetails)[];
}

/** Which fields an event has. The types of `SchedulerEvent` are made of this table. */
export const EVENT_FIELDS = {
  SCHEDULER_STARTED: { always: [], sometimes: [] },
  SCHEDULER_SHUTDOWN: { always: [], sometimes: [] },
  SCHEDULER_PAUSED: { always: ["by"], sometimes: [] },
  SCHEDULER_RESUMED: { always: ["by"], sometimes: [] },
  ALL_JOBS_REMOVED: { always: ["by", "count"], sometimes: [] },
  JOB_ADDED: { always: ["jobId", "by"], sometimes: [] },
  JOB_REMOVED: { always: ["jobId", "by"], sometimes: [] },
  JOB_MODIFIED: {
    always: ["jobId", "by"],
    sometimes: ["scheduledRunTime", "reason", "note", "count"],
  },
  JOB_EXECUTED: {
    always: ["jobId", "runId", "scheduledRunTime", "attempt", "worker"],
    sometimes: ["retval"],
  },
  JOB_ERROR: {
    always: ["jobId", "runId", "scheduledRunTime", "attempt", "exception", "reason"],
    sometimes: ["worker", "retval", "traceback"],
  },
  JOB_MISSED: { always: ["jobId", "runId", "scheduledRunTime"], sometimes: ["count"] },
  JOB_SUBMITTED: {
    always: ["jobId", "runId", "scheduledRunTime", "worker"],
    sometimes: ["by"],
  },
  JOB_MAX_INSTANCES: {
    always: ["jobId", "runId", "scheduledRunTime", "reason"],
    sometimes: ["count"],
  },
  JOB_STARTED: {
    always: ["jobId", "runId", "scheduledRunTime", "attempt", "worker"],
    sometimes: [],
  },
  JOB_RETRYING: {
    always: ["jobId", "runId", "scheduledRunTime", "attempt", "reason"],
    sometimes: ["worker", "exception", "traceback"],
  },
  JOB_SKIPPED: {
    always: ["jobId", "runId", "scheduledRunTime", "reason"],
    sometimes: ["count", "by", "note"],
  },
  JOB_COALESCED: { always: ["jobId", "runId", "scheduledRunTime"], sometimes: ["count"] },
  JOB_PAUSED: { always: ["jobId", "by"], sometimes: ["reason", "until"] },
  JOB_RESUMED: { always: ["jobId", "by"], sometimes: [] },
  JOB_FINISHED: { always: ["jobId"], sometimes: [] },
  JOB_CANCELLED: {
    always: ["jobId", "runId", "scheduledRunTime"],
    sometimes: ["attempt", "worker", "retval", "exception", "traceback", "reason", "count", "by"],
  },
  JOB_OVERDUE: { always: ["jobId", "scheduledRunTime", "reason"], sometimes: [] },
  JOB_REPAIRED: { always: ["jobId", "reason"], sometimes: ["runId"] },
  WORKER_STARTED: { always: ["worker"], sometimes: [] },
  WORKER_STOPPED: { always: ["worker"], sometimes: [] },
  EVENTS_LOST: { always: ["reason"], sometimes: [] },
  JOB_FILES: { always: ["by", "reason", "note", "count"], sometimes: [] },
} as const satisfies Record<EventName, Fields>;

type Always<N extends EventName> = (typeof EVENT_FIELDS)[N]["always"][number];
type Sometimes<N extends EventName> = (typeof EVENT_FIELDS)[N]["sometimes"][number];

/** The fields of one event: those that it always has, those that it may have, and no others. */
export type DetailsOf<N extends EventName> = Readonly<
  Pick<EventDetails, Always<N>> &
    Partial<Pick<EventDetails, Sometimes<N>>> & {
      [K in Exclude<keyof EventDetails, Always<N> | Sometimes<N>>]?: undefined;
    }
>;
