import type { LogFields } from "../core/log.ts";
import type { ParamsOutput, ParamsSchema } from "./params-schema.ts";

/** What started a run: its job's trigger, a person or program that requested it, or a backfill of past fire times. */
export type RunTrigger = "scheduled" | "manual" | "backfill";

/** Logs on behalf of one run: every line carries the run's id, job and attempt. */
export interface RunLog {
  /** For finding faults. */
  debug(message: string, fields?: LogFields): void;
  /** For normal events. */
  info(message: string, fields?: LogFields): void;
  /** For what someone should look at, though the run continues. */
  warn(message: string, fields?: LogFields): void;
  /** For errors. It doesn't make the run fail: throw for that. */
  error(message: string, fields?: LogFields): void;
  /** For a line that a program of the run's has written. It is stored with the run, and not handed to the process's logger. */
  output(line: string, fields?: LogFields): void;
}

/** How the job's previous run ended. */
export interface PreviousRun {
  readonly runId: string;
  /** Its final verdict, such as `succeeded` or `failed`. */
  readonly verdict: string;
  /** The nominal time that it was due for. */
  readonly fireTime: Date;
  /** Absent if it ended without starting. */
  readonly startedAt?: Date;
  readonly finishedAt: Date;
  /** What it returned; a preview if that was large. */
  readonly result?: unknown;
  /** Why it failed. */
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
}

/** The period that a run stands for: the data that arrived within it is its share of the work. */
export interface DataInterval {
  /** The nominal fire time before the run's first occurrence; for the job's first one, when the job was created. */
  readonly start: Date;
  /** The run's own fire time. */
  readonly end: Date;
}

/** The argument of a step's function, for one try. */
export interface StepTry {
  /** Aborts when the try must stop: at the step's timeout, and together with the run's own signal. */
  readonly signal: AbortSignal;
  /** From 1. */
  readonly number: number;
}

/** How the tries of a step follow each other. */
export interface StepRetries {
  /** Total number of tries, including the first; 2 to 100. @default 3 */
  attempts?: number | undefined;
  /** Whether each delay is the same, or twice the one before. @default "exponential" */
  backoff?: "fixed" | "exponential" | undefined;
  /** Delay before the second try: seconds, or `"500ms"`. @default 1 s */
  delay?: number | string | undefined;
  /** Longest delay: seconds, or `"1m"`. @default 30 s */
  maxDelay?: number | string | undefined;
  /** The random part of each delay, 0 to 1. @default 0 */
  jitter?: number | undefined;
}

/** How a step is executed. */
export interface StepOptions {
  /**
   * How often a failed step is retried within the same attempt: the number of extra tries (0 to 99), or an object with
   * the details. An error whose field `retryable` is `false` is not retried.
   * @default 0
   */
  retries?: number | StepRetries | undefined;
  /** How long a try may take: seconds, or `"30s"`. @default no limit */
  timeout?: number | string | undefined;
}

/** How a run waits. */
export interface SleepOptions {
  /**
   * Names the wait, 1 to 120 characters. Required if a run has several waits at the same time, because a wait without a
   * name is identified by its position.
   */
  name?: string | undefined;
}

/**
 * What a pipeline gets for one attempt of one run.
 * @template P The pipeline's params schema, as in {@link Pipeline}.
 */
export interface RunContext<P extends ParamsSchema = undefined> {
  /** The same for all attempts of a run, even after a crash: use it as the idempotency key. */
  readonly runId: string;
  readonly jobId: string;
  readonly pipelineName: string;
  /** The nominal time of this occurrence, as the trigger gave it: the end of the period that the run stands for. */
  readonly fireTime: Date;
  /** When the run was due: {@link fireTime} plus the job's jitter. */
  readonly scheduledAt: Date;
  /** When this attempt began. */
  readonly startedAt: Date;
  /**
   * 1 for the first attempt; increases with each retry and each takeover from a dead worker, but not when resuming
   * after `sleep`.
   */
  readonly attempt: number;
  /** The job's params as the schema returned them; without a schema, the plain JSON that was stored. */
  readonly params: ParamsOutput<P>;
  /**
   * Aborts when the run must stop: timeout, cancellation, shutdown, or loss of the run's lock. Pass it to everything
   * that waits; nothing done after it aborts is recorded.
   */
  readonly signal: AbortSignal;
  readonly log: RunLog;
  readonly trigger: RunTrigger;
  /**
   * The period that the run stands for; for a run into which others were coalesced, all of theirs. So a job that
   * processes what arrived within the period loses nothing when runs are coalesced.
   */
  readonly interval: DataInterval;
  /**
   * Does part of the work once. Its result is stored; when the run is attempted again, or taken over from a dead
   * worker, the stored result is returned without calling `work`. A failed step is called again. Steps may run
   * concurrently, in `Promise.all`. The result must be plain JSON of up to 256 KiB, or nothing. If the process dies
   * after `work` but before its result is stored, `work` is called again.
   * @param name Unique in the run, 1 to 128 characters; must not begin with `$`.
   * @throws What `work` threw in its last try; {@link CronduitError} `STEP_TIMED_OUT`, `INVALID_STEP`,
   * `PAYLOAD_TOO_LARGE`, and `RUN_FENCED` if another worker has taken over the run.
   */
  readonly step: <T>(
    name: string,
    work: (current: StepTry) => T | PromiseLike<T>,
    options?: StepOptions,
  ) => Promise<T>;
  /**
   * Waits. A wait of two seconds or more frees the worker: an error that must not be caught leaves the function (so
   * `finally` blocks run), and when the time has come, the run starts over on any worker. Completed steps are not
   * repeated, everything else is: so put work into steps, and waits between them. The job's `timeout` starts over.
   * @param duration Seconds, or `"2h"`.
   */
  readonly sleep: (duration: number | string, options?: SleepOptions) => Promise<void>;
  /**
   * Waits until an instant, like `sleep`. Text without an offset is in the job's time zone.
   * @param time A `Date`, ISO 8601 text, or epoch milliseconds. If it has passed, there is no wait.
   */
  readonly sleepUntil: (time: Date | string | number, options?: SleepOptions) => Promise<void>;
  /**
   * Reports how far the run is; see `getSteps`. Written at most twice a second; the last report is always written.
   * @param fraction 0 to 1; values outside are clamped.
   * @param message Up to 200 characters.
   */
  readonly progress: (fraction: number, message?: string) => void;
  /** `undefined` for the job's first run, and if retention has deleted the previous one. */
  readonly previous: PreviousRun | undefined;
}
