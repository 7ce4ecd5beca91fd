import type { EpochMs } from "../../core/clock.ts";
import type { JobDefinition, JobState, StoredJob } from "../../jobs/definition.ts";
import type { StoredEvent } from "../../jobs/event.ts";
import type { LedgerRow } from "../../jobs/run.ts";
import type { Occurrence, Span } from "../../jobs/schedule.ts";
import type { SkipReason } from "../../jobs/verdict.ts";
import type {
  Admission,
  AdmitRequest,
  CancelOutcome,
  CancelRequest,
  NotedCancel,
  RunHold,
  RunRequest,
  Settlement,
  SettleRequest,
  Suspension,
  SuspendRequest,
} from "./decisions.ts";
import type { BackfillChange, BackfillPlan, BackfillState } from "./backfills.ts";
import type { LogPage, LogQuery, LogWrite } from "./logs.ts";
import type { StepRecord } from "./steps.ts";
import type { ConsumeOptions, Consumer, QueueJob } from "./queue-job.ts";

export type * from "./backfills.ts";
export type * from "./decisions.ts";
export type * from "./logs.ts";
export type * from "./steps.ts";
export type * from "./queue-job.ts";
import type { TransferPort } from "./transfer.ts";

/**
 * What carries the queues and the state. Small on purpose: what BullMQ does (queueing, locks, delays, recovery of
 * stalled runs) comes in by `enqueue` and `consume`; the rest is what it has not. Each method that changes state is
 * one atomic step on the server, and decides by the server's clock; the queue jobs that follow from a step (next
 * occurrences, manual runs, queued occurrences whose turn has come) are added by it.
 */
export interface Engine extends TransferPort {
  /** For people, e.g. `redis 7.0.15 at 127.0.0.1:6379`. */
  readonly label: string;

  /** Connects and checks the server. Safe to call twice. @throws `CONNECTION_FAILED`, `UNSUPPORTED_SERVER` */
  open(): Promise<void>;
  /**
   * Lets go of every connection, and cuts those whose server does not answer in `limitMs`; calls that wait for it fail.
   * Safe to call twice. @default 2 s
   */
  close(limitMs?: number): Promise<void>;
  /** Whether the server answers now, and how long it took. Never throws. */
  health(): Promise<EngineHealth>;
  /**
   * Whether the error is of a server that can't be reached, of which the engine itself tells once for all: nobody else
   * need report it.
   */
  takes?(error: unknown): boolean;
  /** The server's clock. */
  now(): Promise<EpochMs>;

  // Jobs
  putJobs(puts: readonly JobPut[]): Promise<JobPutResult[]>;
  changeJob(change: JobChange): Promise<JobChangeResult>;
  removeJob(removal: JobRemoval): Promise<"removed" | "missing" | "undecided">;
  getJobs(ids: readonly string[]): Promise<(StoredJob | undefined)[]>;
  /** What a worker must know of jobs; of the default queue only. */
  readDefinitions(ids: readonly string[]): Promise<(StoredDefinition | undefined)[]>;
  /** Ids in the order of their next run, jobs without one last. */
  listJobIds(offset: number, limit: number): Promise<string[]>;
  countJobs(): Promise<number>;

  // Decisions; of the default queue. Those of another one are made by `serve`.
  admit(request: AdmitRequest): Promise<Admission>;
  settle(request: SettleRequest): Promise<Settlement>;
  /** Notes that the process gives the run back unfinished, so its next attempt does not count as a crash. */
  handBack(run: RunHold): Promise<void>;
  /** Notes that the worker of this start lost its lock and lives: that is no crash, also if the next start took it for one. */
  noteAlive(run: RunHold): Promise<void>;
  /** Records a run asked for by hand, gives it its id, and adds its queue job. */
  requestRun(request: RunRequest): Promise<{ readonly runId: string } | "missing">;
  /** Notes that a run goes on later; the caller then puts its queue job back. */
  suspend(request: SuspendRequest): Promise<Suspension>;
  cancelRun(request: CancelRequest): Promise<CancelOutcome>;
  /** Which of these runs somebody wants to end, and why. Asked for often: one cheap step. */
  readCancels(holds: readonly RunHold[]): Promise<NotedCancel[]>;

  // Steps
  /** Stores a finished step, or how far the run is. `fenced`: another start has the run; nothing was written. */
  saveStep(hold: RunHold, step: StepRecord): Promise<"saved" | "fenced" | "too-many">;
  /** The steps of a run, in the order in which they ended. They are kept as long as the job's ledger. */
  readSteps(jobId: string, runId: string): Promise<StepRecord[]>;

  // Logs
  /** Appends lines of a run's log; what exceeds its bound is dropped, and one line says so. */
  appendLogs(writes: readonly LogWrite[]): Promise<void>;
  readLogs(query: LogQuery): Promise<LogPage>;
  /** Deletes the logs of a job's runs that began before an instant, a bounded number a call. @returns how many runs' */
  deleteLogs(jobId: string, before: EpochMs): Promise<number>;

  // Backfills: one at a time a job
  /** Adds fire times to the job's backfill, which it begins if there is none. `conflict`: another one is not over. */
  addBackfill(plan: BackfillPlan): Promise<"added" | "conflict" | "missing">;
  changeBackfill(jobId: string, change: BackfillChange): Promise<"changed" | "missing">;
  readBackfill(jobId: string): Promise<BackfillState | undefined>;

  // Ledger
  /** Rows of one job in the time given (both ends included). */
  readLedger(query: LedgerQuery): Promise<LedgerRow[]>;
  /** Claimed occurrences of one job that have no verdict yet. */
  readOpenRuns(jobId: string): Promise<LedgerRow[]>;

  // Queue
  /** Adds queue jobs that were lost. All others are added by the steps that ask for them. */
  enqueue(queueJobs: readonly QueueJob[]): Promise<void>;
  consume(options: ConsumeOptions): Consumer;
  /**
   * The engine of one queue alone, connected; a worker of that queue admits, settles and hands back there. Absent where
   * there is the default queue only. All other methods here are about the whole fleet, unless they say that they are
   * about the default queue.
   */
  serve?(queue: string): Promise<Engine>;
  /** Stops or lets go on the taking of queue jobs in the whole fleet. */
  setPaused(paused: boolean): Promise<void>;
  isPaused(): Promise<boolean>;

  // Events
  appendEvents(events: readonly StoredEvent[]): Promise<void>;
  /** The position after the newest event. */
  latestEventCursor(): Promise<string>;
  /** Waits up to `waitMs` for events after `cursor`. Each `reader` waits on a connection of its own. */
  readEvents(reader: string, cursor: string, waitMs: number): Promise<EventBatch>;
  /** Lets go of a reader's connection; what it waits for is given up. */
  endReader(reader: string): void;
  loadCursor(listener: string): Promise<string | undefined>;
  saveCursor(listener: string, cursor: string): Promise<void>;

  // Leases and workers
  /** Takes or renews the lease; false if somebody else has it. */
  holdLease(name: string, owner: string, ttlMs: number): Promise<boolean>;
  releaseLease(name: string, owner: string): Promise<void>;
  heartbeat(record: WorkerRecord, ttlMs: number): Promise<void>;
  forgetWorker(id: string): Promise<void>;
  listWorkers(): Promise<WorkerRecord[]>;

  // Healing
  audit(request: AuditRequest): Promise<AuditFinding[]>;
  /**
   * Tells by JOB_OVERDUE that nobody takes an occurrence, unless somebody has taken or decided it by now. Audits don't
   * find it again.
   */
  tellOverdue(overdue: OverdueTold): Promise<OverdueOutcome>;
}

/** Whether the server answers. */
export interface EngineHealth {
  readonly ok: boolean;
  readonly roundTripMs: number | undefined;
  readonly problem: string | undefined;
}

/** What is to be done for a job, and how new that is. */
export type StoredDefinition = Pick<StoredJob, "definition" | "revision" | "generation">;

/** A job to be stored. */
export interface JobPut {
  readonly definition: JobDefinition;
  /** The state to begin in; `paused` if it was added with `nextRunTime: null`. */
  readonly state: Exclude<JobState, "finished">;
  readonly watermark: EpochMs;
  /** The next occurrences, which are to wait in the queue while the job is active. */
  readonly upcoming: readonly Occurrence[];
}

/**
 * `created`: stored now. `same`: a job with an equal declaration is there. `exists`: one with another is there,
 * and nothing was changed.
 */
export type JobPutResult =
  | { readonly outcome: "created"; readonly generation: number }
  | { readonly outcome: "same" | "exists" };

/** Occurrences decided without running, and why. */
export interface SkippedSpan extends Span {
  readonly verdict: "skipped" | "missed";
  /** Set exactly when the verdict is `skipped`. */
  readonly reason?: SkipReason | undefined;
}

/** A change of a stored job that applies only if its revision is still the one that was read. */
export interface JobChange {
  readonly jobId: string;
  readonly expectedRevision: number;
  /** The new definition; absent when only the state changes. */
  readonly definition?: JobDefinition;
  /** A new schedule generation: older wake-ups become void. Absent: the schedule stays. */
  readonly schedule?: {
    readonly state: JobState;
    readonly watermark: EpochMs;
    /** The next occurrences, which are to wait in the queue if the state is `active`. */
    readonly upcoming: readonly Occurrence[];
    /** The stored watermark that `skipped` was computed from; another one there is a conflict. */
    readonly expectedWatermark: EpochMs;
  };
  readonly pausedReason?: string | null;
  /** Occurrences that this change decides. */
  readonly skipped?: readonly SkippedSpan[];
  readonly event: StoredEvent;
}

/** `conflict`: somebody changed the job since it was read; read it and try again. */
export type JobChangeResult =
  | { readonly outcome: "changed"; readonly generation: number }
  | { readonly outcome: "conflict" | "missing" };

/** The removal of a job. */
export interface JobRemoval {
  readonly jobId: string;
  /** The watermark that `skipped` was computed from; `undefined` removes whatever is there. */
  readonly expectedWatermark: EpochMs | undefined;
  /** The revision of the definition that `skipped` was computed from. */
  readonly expectedRevision?: number | undefined;
  readonly skipped: readonly SkippedSpan[];
}

/** Which rows to read. */
export interface LedgerQuery {
  readonly jobId: string;
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
  readonly offset: number;
  readonly limit: number;
  /** Whether the rows come latest or oldest first. */
  readonly order: "latest" | "oldest";
}

/** Events read from the stream. */
export interface EventBatch {
  readonly events: readonly { readonly cursor: string; readonly event: StoredEvent }[];
  /** Where to read on. */
  readonly cursor: string;
  /** Whether events after the cursor asked for were trimmed before they could be read. */
  readonly lost: boolean;
}

/** What a worker says of itself. */
export interface WorkerRecord {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly pipelines: readonly string[];
  /** The queues that it serves. */
  readonly queues: readonly string[];
  /** Runs at once, on each queue. */
  readonly concurrency: number;
  readonly running: readonly string[];
  readonly startedAt: EpochMs;
  /** Server time of the last heartbeat. */
  readonly seenAt: EpochMs;
  /** The worker's clock minus the server's. */
  readonly clockSkewMs: number;
}

/** Which jobs to check. */
export interface AuditRequest {
  /** Jobs whose next occurrence is due within this are always checked. */
  readonly horizonMs: number;
  /** Further jobs to check, by their place in the list. */
  readonly offset: number;
  readonly limit: number;
  /** An occurrence so much past its time, and waiting, is overdue. */
  readonly overdueMs: number;
  /** Finished jobs older than this are removed. */
  readonly finishedRetentionMs: number;
}

/** An occurrence that nobody takes, and why. */
export interface OverdueTold {
  readonly jobId: string;
  readonly fireAt: EpochMs;
  readonly reason: string;
}

/** `moved`: the job waits for another occurrence by now, or this one was told of. */
export type OverdueOutcome = "told" | "moved" | "missing";

/** What the audit found; what the engine could mend alone it has mended. */
export type AuditFinding =
  /** No queue job will wake this job up. */
  | { readonly kind: "unscheduled"; readonly jobId: string; readonly watermark: EpochMs }
  /** Queued occurrences wait and no queue job will take them. */
  | { readonly kind: "stranded"; readonly jobId: string; readonly queueJob: QueueJob }
  /** A run held an instance and its queue job was gone; put back as a queue job. */
  | {
      readonly kind: "orphan-run";
      readonly jobId: string;
      readonly runId: string;
      readonly queueJob: QueueJob;
    }
  /** Nobody takes an occurrence that is due. Found until it is told of. */
  | {
      readonly kind: "overdue";
      readonly jobId: string;
      readonly fireAt: EpochMs;
      readonly lateMs: number;
    }
  /** A job that finished long ago was removed. */
  | { readonly kind: "expired"; readonly jobId: string };
