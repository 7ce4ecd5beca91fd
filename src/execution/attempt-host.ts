import type { Clock, EpochMs } from "../core/clock.ts";
import type { LogFields } from "../core/log.ts";
import type { LogLine, StepRecord } from "../engine/port/engine.ts";
import type { LastRun, RunKind } from "../jobs/ledger-row.ts";
import type { StoredError } from "../core/stored-error.ts";
import type { SecretValues } from "../pipeline/secrets/secret-values.ts";

/** What an attempt knows of its run. Plain, so that it can be sent to a child process. */
export interface AttemptInfo {
  readonly runId: string;
  readonly jobId: string;
  readonly pipelineName: string;
  /** The job's zone. */
  readonly timezone: string;
  readonly kind: RunKind;
  readonly fireAt: EpochMs;
  readonly dueAt: EpochMs;
  readonly startedAt: EpochMs;
  /** As `AdmittedRun.start`: from 2 on there may be steps of an earlier start. */
  readonly start: number;
  readonly attempt: number;
  /** How many attempts ended with an error before this one. */
  readonly failures: number;
  /** Whether the job's `retry` allows another attempt after this one. */
  readonly hasRetry: boolean;
  readonly interval: { readonly startAt: EpochMs; readonly endAt: EpochMs };
  readonly previous: LastRun | null;
  /** As stored: the schema's input. */
  readonly params: unknown;
}

/** What an attempt asks of the worker that holds its run: by a call in the worker itself, by messages from a child process. */
export interface AttemptHost {
  readonly clock: Clock;
  /** Fires when the attempt is to stop. */
  readonly signal: AbortSignal;
  /** What is to be masked in all that the attempt gives, before it is cut or written. */
  readonly secrets: SecretValues | undefined;
  /** The server's clock. */
  now(): EpochMs;
  /** What earlier starts of the run have stored. */
  readSteps(): Promise<readonly StepRecord[]>;
  saveStep(step: StepRecord): Promise<"saved" | "fenced" | "too-many">;
  log(level: LogLine["level"], message: string, fields?: LogFields): void;
}

/** How an attempt ended. */
export type AttemptEnd =
  | { readonly kind: "succeeded"; readonly resultJson?: string | undefined }
  | {
      readonly kind: "failed";
      readonly resultJson?: string | undefined;
      readonly error: StoredError;
      /** Whether the error is one that another attempt may mend. */
      readonly mayRetry: boolean;
    }
  /** It is not over: it asked to go on at that time. */
  | { readonly kind: "sleeping"; readonly until: EpochMs };

/** How long what was told to stop has to end before it is given up, or killed. */
export const ABORT_GRACE_MS = 3_000;
