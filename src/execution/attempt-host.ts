import type { Clock, EpochMs } from "../core/clock.ts";
import type { LogFields } from "../core/log.ts";
import type { LogLine, StepRecord } from "../engine/port/engine.ts";
import type { LastRun, RunKind } from "../jobs/ledger-row.ts";
import type { StoredError } from "../core/stored-error.ts";
import type { SecretValues } from "../pipeline/secrets/secret-values.ts";

/** What an attempt knows about its run. Plain data, so that it can be sent to a child process. */
export interface AttemptInfo {
  readonly runId: string;
  readonly jobId: string;
  readonly pipelineName: string;
  /** The job's time zone. */
  readonly timezone: string;
  readonly kind: RunKind;
  readonly fireAt: EpochMs;
  readonly dueAt: EpochMs;
  readonly startedAt: EpochMs;
  /** As `AdmittedRun.start`: from 2 on, an earlier start may have stored steps. */
  readonly start: number;
  readonly attempt: number;
  /** Attempts that ended with an error before this one. */
  readonly failures: number;
  /** Whether the job's `retry` allows another attempt after this one. */
  readonly hasRetry: boolean;
  readonly interval: { readonly startAt: EpochMs; readonly endAt: EpochMs };
  readonly previous: LastRun | null;
  /** As stored: the input of the schema. */
  readonly params: unknown;
}

/** What an attempt needs from the worker that holds its run: by calls within the worker, or by messages from a child process. */
export interface AttemptHost {
  readonly clock: Clock;
  /** Aborts when the attempt should stop. */
  readonly signal: AbortSignal;
  /** The values to mask in everything the attempt returns or writes, before it is cut. */
  readonly secrets: SecretValues | undefined;
  /** Whether a long sleep only waits, because nobody would resume the run. */
  readonly staysAwake?: boolean;
  /** The server's clock. */
  now(): EpochMs;
  /** The steps stored by the run's earlier starts. */
  readSteps(): Promise<readonly StepRecord[]>;
  saveStep(step: StepRecord): Promise<"saved" | "fenced" | "too-many">;
  log(level: LogLine["level"], message: string, fields?: LogFields): void;
}

/** The outcome of an attempt. */
export type AttemptEnd =
  | { readonly kind: "succeeded"; readonly resultJson?: string | undefined }
  | {
      readonly kind: "failed";
      readonly resultJson?: string | undefined;
      readonly error: StoredError;
      /** Whether a retry might succeed. */
      readonly mayRetry: boolean;
    }
  /** Not over: it asked to continue at that time. */
  | { readonly kind: "sleeping"; readonly until: EpochMs };

/** How long code has to end after it was told to stop, before it is abandoned or killed. */
export const ABORT_GRACE_MS = 3_000;
