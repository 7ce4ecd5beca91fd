import type { Condition } from "../conditions/condition.ts";
import type { EpochMs } from "../core/clock.ts";
import type { CalendarSpec } from "../triggers/calendars/calendar-spec.ts";
import type { Jitter } from "../triggers/jitter.ts";
import type { TriggerSpec } from "../triggers/spec.ts";
import type { Actor } from "./actor.ts";
import type { LastRun, LastScheduledRun } from "./ledger-row.ts";
import type { StoredSkip } from "./stored-skip.ts";
import type { Verdict } from "./verdict.ts";

/** What else must be true for an occurrence to start. */
export interface ConditionPolicy {
  readonly condition: Condition;
  /** How long an occurrence waits for it to become true; `null` means not at all. */
  readonly waitMs: number | null;
  /**
   * The owners whose jobs it sees: those of its author, who may see no others. For it, another's job does not exist. Absent:
   * everybody's.
   */
  readonly sees?: readonly string[] | undefined;
}

/** What happens to an occurrence while `maxInstances` runs are unfinished. */
export type Overlap = "skip" | "queue-one" | "queue-all" | "cancel-running";

/** Whether and when another attempt follows a failed one. */
export interface RetryPolicy {
  /** Total number of attempts, including the first; 2 to 1,000. */
  readonly attempts: number;
  readonly backoff: "fixed" | "exponential";
  readonly delayMs: number;
  readonly maxDelayMs: number;
  /** Random part of the delay, 0 to 1. */
  readonly jitter: number;
}

/** The rules under which occurrences run; resolved, in the units that the engine compares. */
export interface Policy {
  readonly maxInstances: number;
  readonly coalesce: boolean;
  /** `null` means that any delay is fine. */
  readonly misfireGraceMs: number | null;
  readonly maxCatchUp: number;
  readonly when: ConditionPolicy | null;
  readonly overlap: Overlap;
  /** Limits the simultaneous runs of all jobs with this key. */
  readonly group: { readonly key: string; readonly limit: number } | null;
  readonly retry: RetryPolicy | null;
  /** This many failed runs in a row pause the job. */
  readonly pauseAfterFailures: number | null;
  /** How long an attempt may take. */
  readonly timeoutMs: number | null;
  /** `process` means in a child process of the worker, which can be killed. */
  readonly isolate: "none" | "process";
}

/** How much of a job's ledger is kept; rows beyond either bound are deleted. */
export interface Retention {
  readonly count: number;
  readonly ageMs: number;
}

/** How much of its runs' logs is kept. */
export interface LogPolicy {
  /** Bytes per run. */
  readonly maxBytes: number;
  /** Number of runs. */
  readonly runs: number;
  readonly ageMs: number;
}

/** A job as stored: fully resolved, independent of "now". */
export interface JobDefinition {
  readonly id: string;
  readonly pipeline: string;
  /** Absent for the default queue. */
  readonly queue?: string;
  readonly description?: string;
  /** Whose job it is: a user or a team. Absent: nobody's but the administrators'. */
  readonly owner?: string;
  /** Through what it was declared: `api`, or `file:` with the file's name. Absent: code. */
  readonly source?: string;
  readonly tags: readonly string[];
  /** The params as given (the schema's input); each run parses them again. */
  readonly params: unknown;
  readonly timezone: string;
  /** The version of the time zone data that the schedule was made with; absent in UTC. Not a part of what was declared. */
  readonly tzdata?: string;
  readonly trigger: TriggerSpec;
  /** The named calendars that the trigger refers to, as they were when the job was declared. */
  readonly calendars?: Readonly<Record<string, CalendarSpec>>;
  readonly jitter: Jitter | null;
  /** A first fire time in addition to the trigger's own (`nextRunTime`). */
  readonly firstRunAt: EpochMs | null;
  readonly policy: Policy;
  readonly retention: Retention;
  readonly logs: LogPolicy;
  /** Paths of secret params, each a list of keys; see `SecretPath`. */
  readonly secrets: readonly (readonly string[])[];
  /** `false`: nobody may override the job. Absent: who may change it may. */
  readonly lockable?: false;
  /** What somebody overrides: the values above are then those in effect. Absent: nothing is. */
  readonly overrides?: JobOverrides;
  readonly createdAt: EpochMs;
  /** Who added the job; absent: a program. */
  readonly addedBy?: Actor;
  /** Digests of the caller's declaration, before "now" was fixed: equal digests mean equal declarations. */
  readonly declared: { readonly all: string; readonly schedule: string };
}

/** The part of a definition that says when the job runs. */
export type Timing = Pick<
  JobDefinition,
  "timezone" | "tzdata" | "trigger" | "calendars" | "jitter" | "firstRunAt"
>;

/** Who overrides a part of a job, since when, and until when. */
export interface OverrideMark {
  readonly by: Actor;
  readonly at: EpochMs;
  /** From when on it is as declared. Absent: until somebody takes the override back. */
  readonly until?: EpochMs;
}

/** How a job is paused, whether it is overridden or not. */
export interface DeclaredPause {
  readonly at: EpochMs;
  readonly reason: string | null;
  /** When it ends by itself; absent: when somebody resumes the job. */
  readonly until?: EpochMs;
}

/** The params of a job, and which of them are secret. */
export type DeclaredParams = Pick<JobDefinition, "params" | "secrets">;

/**
 * The parts of a job that somebody overrides. The job's definition has the values that are in effect; here is what they
 * stand in for.
 */
export interface JobOverrides {
  /** The job is paused. `declared`: it would be even without. */
  readonly paused?: OverrideMark & { readonly declared: DeclaredPause | null };
  readonly schedule?: OverrideMark & { readonly declared: Timing };
  readonly params?: OverrideMark & { readonly declared: DeclaredParams };
}

/**
 * `finished`: the trigger is exhausted. The last runs may still be running; JOB_FINISHED follows the last of their
 * verdicts.
 */
export type JobState = "active" | "paused" | "finished";

/** When a job got the owner that it has, and how many verdicts it had by then: these are not the new owner's business. */
export interface HandedOver {
  readonly at: EpochMs;
  readonly counts: Readonly<Partial<Record<Verdict, number>>>;
}

/** A stored job, with what the engine keeps beside its definition. */
export interface StoredJob {
  readonly definition: JobDefinition;
  /** Increases with every change of the definition. */
  readonly revision: number;
  /** Increases with every change of the schedule; queue jobs of an older generation are void. */
  readonly generation: number;
  readonly state: JobState;
  /** Every occurrence up to and including this fire time has been decided. */
  readonly watermark: EpochMs;
  /** Next undecided fire time; `null` if the job is paused, finished or has no schedule. */
  readonly nextFireAt: EpochMs | null;
  /** When that occurrence is due: its fire time plus jitter. */
  readonly nextDueAt: EpochMs | null;
  readonly pausedAt: EpochMs | null;
  readonly pausedReason: string | null;
  /** When the pause ends by itself; `null`: when somebody resumes the job. */
  readonly pausedUntil: EpochMs | null;
  readonly running: number;
  readonly counts: Readonly<Partial<Record<Verdict, number>>>;
  readonly lastRun: LastRun | null;
  readonly lastScheduledRun: LastScheduledRun | null;
  /** Fire times that it skips, because somebody asked for that, in their order. */
  readonly skips: readonly StoredSkip[];
  /** Its last change of the owner; `null`: it has had this one all the time. */
  readonly handedOver: HandedOver | null;
}
