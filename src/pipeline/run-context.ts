import type { LogFields } from "../core/log.ts";
import type { ParamsOutput, ParamsSchema } from "./schema.ts";

/** What started a run: its job's trigger, a person or program that asked for it, or a backfill of the past. */
export type RunTrigger = "scheduled" | "manual" | "backfill";

/** Logs on behalf of one run: each line carries the run's id, job and attempt. */
export interface RunLog {
  /** For whoever looks for a fault. */
  debug(message: string, fields?: LogFields): void;
  /** What happened, as planned. */
  info(message: string, fields?: LogFields): void;
  /** What someone should look at, though the run goes on. */
  warn(message: string, fields?: LogFields): void;
  /** What went wrong. It doesn't make the run fail: throw for that. */
  error(message: string, fields?: LogFields): void;
}

/** How the job's previous run ended. */
export interface PreviousRun {
  readonly runId: string;
  /** Its final verdict, e.g. `succeeded` or `failed`. */
  readonly verdict: string;
  /** The nominal time that it was due for. */
  readonly fireTime: Date;
  /** Absent if it ended without being started. */
  readonly startedAt?: Date;
  readonly finishedAt: Date;
  /** What it returned; a preview if that was large. */
  readonly result?: unknown;
  /** Why it failed. */
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
}

/**
 * What a pipeline is given for one attempt of one run.
 * @template P The pipeline's params schema, as in {@link Pipeline}.
 */
export interface RunContext<P extends ParamsSchema = undefined> {
  /** The same for all attempts of a run, also after a crash: the key to use for idempotency. */
  readonly runId: string;
  readonly jobId: string;
  readonly pipelineName: string;
  /** The nominal time of this occurrence, as the trigger gave it: the period that the run stands for. */
  readonly fireTime: Date;
  /** When the run was due: {@link fireTime} plus the job's jitter. */
  readonly scheduledAt: Date;
  /** When this attempt began. */
  readonly startedAt: Date;
  /** 1 for the first attempt; one more for each retry and each take-over from a dead worker. */
  readonly attempt: number;
  /** The job's params as the schema gave them; without a schema, the plain JSON that was stored. */
  readonly params: ParamsOutput<P>;
  /**
   * Fires when the run is to stop: timeout, cancel, shutdown, or loss of the run's lock. Pass it on to whatever waits;
   * what is done after it fired is not recorded.
   */
  readonly signal: AbortSignal;
  readonly log: RunLog;
  readonly trigger: RunTrigger;
  /** `undefined` for the job's first run, and when retention has removed the previous one. */
  readonly previous: PreviousRun | undefined;
}
