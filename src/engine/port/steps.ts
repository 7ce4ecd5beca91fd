import type { EpochMs } from "../../core/clock.ts";
import type { StoredError } from "../../core/stored-error.ts";
import type { RunHold } from "./runs.ts";

/** The steps of runs. */
export interface StepsPort {
  /**
   * Stores a finished step, or how far the run is; on one queue only. `fenced`: another start has the run; nothing was
   * written.
   */
  save(hold: RunHold, step: StepRecord): Promise<"saved" | "fenced" | "too-many">;
  /** The steps of a run, in the order in which they ended. They are kept as long as the job's ledger. */
  read(jobId: string, runId: string): Promise<StepRecord[]>;
}

/** Steps a run may have; more is a loop that should be one step. */
export const MAX_STEPS = 1_000;

/** Names that begin so are ours: `$sleep:…` and {@link PROGRESS_STEP}. Users can't give them to their steps. */
export const RESERVED_STEP = "$";

/** The record that holds how far a run is; its result is a {@link Progress}. */
export const PROGRESS_STEP = "$progress";

/** How far a run is. */
export interface Progress {
  /** 0 to 1. */
  readonly fraction: number;
  readonly message?: string | undefined;
}

/** A step of a run that ended, well or not; a step of the same name replaces it. Times by the server's clock. */
export interface StepRecord {
  /** Unique in its run; 1 to 128 characters. */
  readonly name: string;
  readonly kind: "step" | "sleep" | "progress";
  readonly startedAt: EpochMs;
  /** For a sleep, when it ends. */
  readonly finishedAt: EpochMs;
  /** How often its function was called. */
  readonly tries: number;
  /** The run's attempt in which it ended. */
  readonly attempt: number;
  /** JSON text; absent if it failed, or returned nothing. */
  readonly resultJson?: string | undefined;
  readonly error?: StoredError | undefined;
  /** The masked form shown to people; the run itself keeps the secret. */
  readonly shown?: {
    readonly name?: string;
    readonly resultJson?: string;
  };
}
