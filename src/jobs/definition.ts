import type { Condition } from "../conditions/condition.ts";
import type { EpochMs } from "../core/clock.ts";
import type { CalendarSpec } from "../triggers/calendars/calendar-spec.ts";
import type { Jitter } from "../triggers/jitter.ts";
import type { TriggerSpec } from "../triggers/spec.ts";
import type { LastRun, LastScheduledRun } from "./run.ts";
import type { Verdict } from "./verdict.ts";

/** What else must be true when an occurrence would start. */
export interface ConditionPolicy {
  readonly condition: Condition;
  /** How long an occurrence waits for it to become true; `null`: not at all. */
  readonly waitMs: number | null;
}

/** What becomes of an occurrence when as many runs as `maxInstances` allows are not finished. */
export type Overlap = "skip" | "queue-one" | "queue-all" | "cancel-running";

/** When an attempt that failed is followed by another. */
export interface RetryPolicy {
  /** Attempts in all, the first included. 2 to 1,000. */
  readonly attempts: number;
  readonly backoff: "fixed" | "exponential";
  readonly delayMs: number;
  readonly maxDelayMs: number;
  /** Part of the delay that is random, 0 to 1. */
  readonly jitter: number;
}

/** The rules under which occurrences run; resolved, in the units that the engine compares. */
export interface Policy {
  readonly maxInstances: number;
  readonly coalesce: boolean;
  /** `null`: any delay is fine. */
  readonly misfireGraceMs: number | null;
  readonly maxCatchUp: number;
  readonly when: ConditionPolicy | null;
  readonly overlap: Overlap;
  /** Runs of all jobs that name this key, at once. */
  readonly group: { readonly key: string; readonly limit: number } | null;
  readonly retry: RetryPolicy | null;
  /** So many failed runs in a row pause the job. */
  readonly pauseAfterFailures: number | null;
  /** How long an attempt may take. */
  readonly timeoutMs: number | null;
  /** `process`: in a child process of the worker, which can be killed. */
  readonly isolate: "none" | "process";
}

/** How long the ledger of a job is kept; what exceeds either bound goes. */
export interface Retention {
  readonly count: number;
  readonly ageMs: number;
}

/** How much of its runs' logs is kept. */
export interface LogPolicy {
  /** Bytes a run. */
  readonly maxBytes: number;
  /** For how many runs. */
  readonly runs: number;
  readonly ageMs: number;
}

/** A job as stored: everything resolved, nothing that depends on "now". */
export interface JobDefinition {
  readonly id: string;
  readonly pipeline: string;
  /** Absent: the default queue. */
  readonly queue?: string;
  readonly description?: string;
  readonly tags: readonly string[];
  /** The params as given (the schema's input); each run parses them again. */
  readonly params: unknown;
  readonly timezone: string;
  readonly trigger: TriggerSpec;
  /** The named calendars that the trigger refers to, as they were when it was declared. */
  readonly calendars?: Readonly<Record<string, CalendarSpec>>;
  readonly jitter: Jitter | null;
  /** A first fire time that the trigger does not know (`nextRunTime`). */
  readonly firstRunAt: EpochMs | null;
  readonly policy: Policy;
  readonly retention: Retention;
  readonly logs: LogPolicy;
  /** Paths into the params that are secret, each a list of keys; see `SecretPath`. */
  readonly secrets: readonly (readonly string[])[];
  readonly createdAt: EpochMs;
  /** Digests of what the caller declared, before "now" was fixed: equal digests mean an equal declaration. */
  readonly declared: { readonly all: string; readonly schedule: string };
}

/** `finished`: the trigger is exhausted. Its last runs may go on: JOB_FINISHED comes with the last of their verdicts. */
export type JobState = "active" | "paused" | "finished";

/** A stored job with what the engine keeps beside its definition. */
export interface StoredJob {
  readonly definition: JobDefinition;
  /** Grows with every change of the definition. */
  readonly revision: number;
  /** Grows with every change of the schedule; wake-ups of an older generation are void. */
  readonly generation: number;
  readonly state: JobState;
  /** Every occurrence up to and including this fire time has been decided. */
  readonly watermark: EpochMs;
  /** Next fire time that has not been decided; `null` if paused, finished or without a schedule. */
  readonly nextFireAt: EpochMs | null;
  /** When that is to start: later by its jitter. */
  readonly nextDueAt: EpochMs | null;
  readonly pausedAt: EpochMs | null;
  readonly pausedReason: string | null;
  readonly running: number;
  readonly counts: Readonly<Partial<Record<Verdict, number>>>;
  readonly lastRun: LastRun | null;
  readonly lastScheduledRun: LastScheduledRun | null;
}
