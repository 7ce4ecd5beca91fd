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

/** The stretch of time that a run stands for: what came in between is its share of the work. */
export interface DataInterval {
  /** The nominal fire time before the run's first occurrence; for the job's first one, when the job was created. */
  readonly start: Date;
  /** The run's own fire time. */
  readonly end: Date;
}

/** What the function of a step is given for one try. */
export interface StepTry {
  /** Fires when the try is to stop: on the step's timeout, and with the run's own signal. */
  readonly signal: AbortSignal;
  /** From 1. */
  readonly number: number;
}

/** How the tries of a step follow each other. */
export interface StepRetries {
  /** Tries in all, the first included. 2 to 100. @default 3 */
  attempts?: number | undefined;
  /** Whether each further delay is twice the one before. @default "exponential" */
  backoff?: "fixed" | "exponential" | undefined;
  /** Before the second try: seconds, or `"500ms"`. @default 1 s */
  delay?: number | string | undefined;
  /** No delay is longer: seconds, or `"1m"`. @default 30 s */
  maxDelay?: number | string | undefined;
  /** The part of each delay that is random, 0 to 1. @default 0 */
  jitter?: number | undefined;
}

/** How a step is executed. */
export interface StepOptions {
  /**
   * How often it is tried again at once, in this attempt, before it fails: a number of further tries (0 to 99), or more
   * precisely. An error whose field `retryable` is `false` is not tried again.
   * @default 0
   */
  retries?: number | StepRetries | undefined;
  /** How long a try may take: seconds, or `"30s"`. @default as long as it takes */
  timeout?: number | string | undefined;
}

/** How a run waits. */
export interface SleepOptions {
  /**
   * Names the wait, 1 to 120 characters. Needed where waits of one run go on side by side, since by default a wait is
   * known by its place in their order.
   */
  name?: string | undefined;
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
  /** 1 for the first attempt; one more for each retry and each take-over from a dead worker, none for going on after `sleep`. */
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
  /**
   * The stretch of time that the run stands for; of a run that others were merged into, all of theirs. So a job that works
   * on what came in between loses nothing when runs are merged.
   */
  readonly interval: DataInterval;
  /**
   * Does a part of the work once: its result is stored, and when the run is attempted again, or taken over from a dead
   * worker, it is given back without calling `work`. A step that failed is called again. Steps may go on side by side, in
   * `Promise.all`. The result is plain JSON of up to 256 KiB, or nothing. A process that dies after `work` and before its
   * result is stored calls it again.
   * @param name Unique in the run, 1 to 128 characters; not beginning with `$`.
   * @throws What `work` threw in its last try; {@link CronduitError} `STEP_TIMED_OUT`, `INVALID_STEP`, `PAYLOAD_TOO_LARGE`,
   * and `RUN_FENCED` if another worker has the run by now.
   */
  readonly step: <T>(
    name: string,
    work: (current: StepTry) => T | PromiseLike<T>,
    options?: StepOptions,
  ) => Promise<T>;
  /**
   * Waits. A wait of two seconds or more lets go of the worker: the function is left by an error that is to pass (so
   * `finally` blocks run), and when the time has come, the run starts anew, on any worker. What it did in steps is not done
   * again, all else is: so work stands in steps, and a wait between them. The job's `timeout` begins anew.
   * @param duration Seconds, or `"2h"`.
   */
  readonly sleep: (duration: number | string, options?: SleepOptions) => Promise<void>;
  /**
   * Waits until an instant, as `sleep` does. Text without an offset is in the job's zone.
   * @param time A `Date`, ISO 8601 text, or epoch milliseconds. One that has passed waits not at all.
   */
  readonly sleepUntil: (time: Date | string | number, options?: SleepOptions) => Promise<void>;
  /**
   * Tells how far the run is; see `getSteps`. Written at most twice a second, the last word always.
   * @param fraction 0 to 1; what is beyond is taken as the nearer of the two.
   * @param message Up to 200 characters.
   */
  readonly progress: (fraction: number, message?: string) => void;
  /** `undefined` for the job's first run, and when retention has removed the previous one. */
  readonly previous: PreviousRun | undefined;
}
