import type { EpochMs } from "../core/clock.ts";
import type { CalendarSpec } from "../triggers/calendars/calendar-spec.ts";
import type { Jitter } from "../triggers/jitter.ts";
import type { TriggerSpec } from "../triggers/spec.ts";
import type { LastRun } from "./run.ts";
import type { Verdict } from "./verdict.ts";

/** The rules under which occurrences run; resolved, in the units that the engine compares. */
export interface Policy {
  readonly maxInstances: number;
  readonly coalesce: boolean;
  /** `null`: any delay is fine. */
  readonly misfireGraceMs: number | null;
  readonly maxCatchUp: number;
}

/** How long the ledger of a job is kept; what exceeds either bound goes. */
export interface Retention {
  readonly count: number;
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
  readonly createdAt: EpochMs;
  /** Digests of what the caller declared, before "now" was fixed: equal digests mean an equal declaration. */
  readonly declared: { readonly all: string; readonly schedule: string };
}

/** `finished`: the trigger is exhausted. */
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
  /** Next fire time that has not been decided; `null` if paused or finished. */
  readonly nextFireAt: EpochMs | null;
  readonly pausedAt: EpochMs | null;
  readonly pausedReason: string | null;
  readonly running: number;
  readonly counts: Readonly<Partial<Record<Verdict, number>>>;
  readonly lastRun: LastRun | null;
}
