import type { EpochMs } from "../core/clock.ts";
import type { StoredError } from "../core/stored-error.ts";
import type { Actor } from "./actor.ts";

/**
 * The kinds of events, one bit each. The first thirteen are APScheduler's, value for value; those from 131072 up are ours.
 * APScheduler's 16 to 128 are of executors and job stores, which have no counterpart here. Listeners take a mask:
 * `EVENT_JOB_ERROR | EVENT_JOB_MISSED`.
 */
export const EVENT_BITS = {
  SCHEDULER_STARTED: 1,
  SCHEDULER_SHUTDOWN: 2,
  SCHEDULER_PAUSED: 4,
  SCHEDULER_RESUMED: 8,
  ALL_JOBS_REMOVED: 256,
  JOB_ADDED: 512,
  JOB_REMOVED: 1024,
  JOB_MODIFIED: 2048,
  JOB_EXECUTED: 4096,
  JOB_ERROR: 8192,
  JOB_MISSED: 16384,
  JOB_SUBMITTED: 32768,
  JOB_MAX_INSTANCES: 65536,
  JOB_STARTED: 131072,
  JOB_RETRYING: 262144,
  JOB_SKIPPED: 524288,
  JOB_COALESCED: 1048576,
  JOB_PAUSED: 2097152,
  JOB_RESUMED: 4194304,
  JOB_FINISHED: 8388608,
  JOB_CANCELLED: 16777216,
  JOB_OVERDUE: 33554432,
  JOB_REPAIRED: 67108864,
  WORKER_STARTED: 134217728,
  WORKER_STOPPED: 268435456,
  EVENTS_LOST: 536870912,
  JOB_FILES: 1073741824,
} as const;

/** The name of an event, for `on(name, handler)`. */
export type EventName = keyof typeof EVENT_BITS;

/** A scheduler started. */
export const EVENT_SCHEDULER_STARTED = EVENT_BITS.SCHEDULER_STARTED;
/** A scheduler was shut down. */
export const EVENT_SCHEDULER_SHUTDOWN = EVENT_BITS.SCHEDULER_SHUTDOWN;
/** The whole scheduler was paused; no run starts anywhere. */
export const EVENT_SCHEDULER_PAUSED = EVENT_BITS.SCHEDULER_PAUSED;
/** The whole scheduler was resumed. */
export const EVENT_SCHEDULER_RESUMED = EVENT_BITS.SCHEDULER_RESUMED;
/** `removeAllJobs()` removed all jobs. */
export const EVENT_ALL_JOBS_REMOVED = EVENT_BITS.ALL_JOBS_REMOVED;
/** A job was added. */
export const EVENT_JOB_ADDED = EVENT_BITS.JOB_ADDED;
/** A job was removed. */
export const EVENT_JOB_REMOVED = EVENT_BITS.JOB_REMOVED;
/**
 * A job's definition was changed; or one of its occurrences is to be skipped (`reason` is "skip") or no more ("unskip"); or a part
 * of its past was deleted ("runs-deleted", "logs-deleted", with the `count`).
 */
export const EVENT_JOB_MODIFIED = EVENT_BITS.JOB_MODIFIED;
/** A run succeeded; `retval` holds the summary of its result. */
export const EVENT_JOB_EXECUTED = EVENT_BITS.JOB_EXECUTED;
/** A run failed for good; `exception` and `traceback` say how. */
export const EVENT_JOB_ERROR = EVENT_BITS.JOB_ERROR;
/** An occurrence was later than its `misfireGraceTime` and did not run. */
export const EVENT_JOB_MISSED = EVENT_BITS.JOB_MISSED;
/** A run was admitted; from now on it counts as an instance. */
export const EVENT_JOB_SUBMITTED = EVENT_BITS.JOB_SUBMITTED;
/** An occurrence was skipped because `maxInstances` runs were unfinished. */
export const EVENT_JOB_MAX_INSTANCES = EVENT_BITS.JOB_MAX_INSTANCES;
/** A worker started an attempt of a run; `attempt` is 1, or higher for a later attempt. */
export const EVENT_JOB_STARTED = EVENT_BITS.JOB_STARTED;
/** An attempt ended and another one will follow. */
export const EVENT_JOB_RETRYING = EVENT_BITS.JOB_RETRYING;
/** An occurrence was skipped for a reason other than `max-instances`. */
export const EVENT_JOB_SKIPPED = EVENT_BITS.JOB_SKIPPED;
/** Occurrences were merged into a later run; `runId` is that run. */
export const EVENT_JOB_COALESCED = EVENT_BITS.JOB_COALESCED;
/** A job was paused. */
export const EVENT_JOB_PAUSED = EVENT_BITS.JOB_PAUSED;
/** A job was resumed. */
export const EVENT_JOB_RESUMED = EVENT_BITS.JOB_RESUMED;
/** A job's schedule is over and all its runs have their verdicts; the events of those come first. */
export const EVENT_JOB_FINISHED = EVENT_BITS.JOB_FINISHED;
/** A run was cancelled. */
export const EVENT_JOB_CANCELLED = EVENT_BITS.JOB_CANCELLED;
/** An occurrence is due and no worker takes it. */
export const EVENT_JOB_OVERDUE = EVENT_BITS.JOB_OVERDUE;
/** The reconciler found a job in an impossible state and repaired it; `reason` says what was wrong. */
export const EVENT_JOB_REPAIRED = EVENT_BITS.JOB_REPAIRED;
/** A worker started to take runs. */
export const EVENT_WORKER_STARTED = EVENT_BITS.WORKER_STARTED;
/** A worker stopped. */
export const EVENT_WORKER_STOPPED = EVENT_BITS.WORKER_STOPPED;
/** A named listener was away so long that events were trimmed before it received them. */
export const EVENT_EVENTS_LOST = EVENT_BITS.EVENTS_LOST;
/**
 * Job files of a source were applied (`reason` is "applied"), refused ("rejected"), or are read with other content by another process
 * ("conflict"); `by` names the source.
 */
export const EVENT_JOB_FILES = EVENT_BITS.JOB_FILES;
/** Every event. */
export const EVENT_ALL: number = Object.values(EVENT_BITS).reduce((sum, bit) => sum + bit, 0);

/** An event on the event stream: plain JSON, without absent fields. */
export interface StoredEvent {
  readonly name: EventName;
  /** Server time. */
  readonly at: EpochMs;
  readonly jobId?: string;
  /** The job's owner at that time, if it had one. */
  readonly owner?: string;
  /** Who made the change that the event tells. */
  readonly by?: Actor;
  readonly runId?: string;
  readonly fireAt?: EpochMs;
  readonly count?: number;
  readonly attempt?: number;
  readonly worker?: string;
  readonly reason?: string;
  readonly result?: unknown;
  readonly error?: StoredError;
  /** What whoever asked for it wrote. */
  readonly note?: string;
  /** When a pause ends by itself. */
  readonly until?: EpochMs;
}
