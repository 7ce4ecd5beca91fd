import type { StoredEvent } from "./event.ts";
import type { EpochMs } from "../core/clock.ts";
import type { LastRun, RunKind } from "./ledger-row.ts";
import type { StoredError } from "../core/stored-error.ts";
import type { Occurrence, Span } from "./schedule.ts";

/** Names one run and the start that holds it. */
export interface RunHold {
  readonly jobId: string;
  readonly queueJobId: string;
  /** A queue job may outlive its run, and then hold another of its job. */
  readonly runId: string;
  /** {@link AdmittedRun.start}: whoever has a lower number has lost the run. */
  readonly start: number;
}

/** A worker asks what is to be done with a queue job that it took. */
export interface AdmitRequest {
  readonly queueJobId: string;
  /** Names this taking of the queue job, so that a request sent twice is answered alike. */
  readonly take: string;
  readonly jobId: string;
  readonly kind: "occurrence" | "manual" | "wakeup" | "backfill";
  readonly generation: number;
  /** The revision of the definition that the occurrences were computed from. */
  readonly revision: number;
  /** The occurrences are complete above this watermark; a lower stored one makes the answer `behind`. */
  readonly base: EpochMs;
  /**
   * The due occurrences before `latest`, without those that the definition of this revision skips. Only together with one in
   * `latest` that it does not skip.
   */
  readonly older: Span | undefined;
  /** The others that are due, also those that are skipped. */
  readonly latest: readonly Occurrence[];
  /** The next occurrences after those, which are to wait in the queue; none if the trigger is exhausted. */
  readonly upcoming: readonly Occurrence[];
  /** Absent: the worker does not know the definition of this generation and the schedule must not move. */
  readonly knowsSchedule: boolean;
  readonly worker: string;
  /** How many starts a run may have that ended by the death of its process. */
  readonly maxCrashes: number;
  /** {@link TakenQueueJob.lock}: if it is gone, so that others may have the queue job, nothing is decided. Absent: not looked at. */
  readonly lock?: string | undefined;
}

/** A run that was admitted and is to be executed now. */
export interface AdmittedRun {
  readonly runId: string;
  readonly kind: RunKind;
  readonly fireAt: EpochMs;
  readonly dueAt: EpochMs;
  /** Server time of the admission of this start. */
  readonly startedAt: EpochMs;
  /** Counts every start, also those that go on after a sleep: the token that settles. From 1. */
  readonly start: number;
  /** Counts starts for people: one more for each retry and each take-over, none for going on after a sleep. From 1. */
  readonly attempt: number;
  /** How many attempts ended with an error and were tried again. */
  readonly failures: number;
  /** How many occurrences the run stands for, itself included. */
  readonly count: number;
  /** The first of those occurrences. */
  readonly fromAt: EpochMs;
  readonly lastRun: LastRun | null;
  /** Params given with `runJob`, in place of the job's. */
  readonly params?: unknown;
}

/** The answer to {@link AdmitRequest}; `now` is the server's clock. */
export type Admission = {
  readonly now: EpochMs;
  /** The events of occurrences that this step decided and that will not run, for the log: the latest 20. Absent: none. */
  readonly told?: readonly StoredEvent[];
} & (
  | {
      readonly outcome: "run";
      readonly run: AdmittedRun;
      /** The job's definition must be of this revision. 0: the job was removed meanwhile. */
      readonly revision: number;
    }
  /** Nothing to run: decided before, or decided now as not to run, or void. */
  | { readonly outcome: "none" }
  /** Not due, or not to go on, for so many milliseconds. */
  | { readonly outcome: "early"; readonly waitMs: number }
  /**
   * What was asked does not fit what is stored: compute the occurrences after this watermark anew, by a definition of
   * at least this revision, and ask again.
   */
  | { readonly outcome: "behind"; readonly watermark: EpochMs; readonly revision: number }
);

/** How a run ended. */
export interface SettleRequest extends RunHold {
  readonly verdict: "succeeded" | "failed" | "cancelled";
  /** Milliseconds from this start, on the worker's monotonic clock. */
  readonly durationMs: number;
  readonly worker: string;
  /** JSON text of the result's summary. */
  readonly resultJson: string | undefined;
  readonly error: StoredError | undefined;
  readonly retention: { readonly count: number; readonly ageMs: number };
  /** {@link TakenQueueJob.lock}: the queue job ends in the same step. */
  readonly lock?: string | undefined;
  /** The run, if it is a {@link BegunRun}. */
  readonly begun?: AdmittedRun | undefined;
}

/** `fenced`: another start has the run, or it was settled before; nothing was written. */
export interface Settlement {
  readonly now: EpochMs;
  readonly outcome: "settled" | "fenced";
  /** Whether the queue job ended too. */
  readonly endedQueueJob: boolean;
}

/** A run that is not over goes on later. It keeps its instance; its queue job is to be put back for so long. */
export interface SuspendRequest extends RunHold {
  /** `retry`: this attempt failed with `error` and another will follow. `sleep`: the pipeline asked to go on later. */
  readonly kind: "retry" | "sleep";
  /** A retry goes on so many ms after the server's now; a sleep at a time. */
  readonly until: { readonly inMs: number } | { readonly at: EpochMs };
  readonly worker: string;
  readonly error: StoredError | undefined;
}

/**
 * `suspended`: put the queue job back for `waitMs`. `until-resume`: the job is paused, and the retry of a scheduled run goes on
 * when it does; let the queue job end. `cancelled`: somebody had cancelled the run, or its job was removed, and it has its
 * verdict now. `fenced`: another start has the run; nothing was written.
 */
export type Suspension =
  | { readonly outcome: "suspended"; readonly waitMs: number }
  | { readonly outcome: "cancelled" | "fenced" | "until-resume" };

/** A run that somebody wants to end. */
export interface NotedCancel {
  readonly queueJobId: string;
  readonly reason: string;
}
