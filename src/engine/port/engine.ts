import type { EpochMs } from "../../core/clock.ts";
import type { BackfillsPort } from "./backfills.ts";
import type { DocumentsPort } from "./documents.ts";
import type { ChangesPort } from "./changes.ts";
import type { EventsPort } from "./events.ts";
import type { HealingPort } from "./healing.ts";
import type { JobsPort } from "./jobs.ts";
import type { LedgerPort } from "./ledger.ts";
import type { LogsPort } from "./logs.ts";
import type { MembersPort } from "./members.ts";
import type { QueuePort } from "./queue.ts";
import type { RequestsPort } from "./requests.ts";
import type { RunsPort } from "./runs.ts";
import type { StatsPort } from "./stats.ts";
import type { StepsPort } from "./steps.ts";
import type { TransferPort } from "./transfer.ts";

export type * from "./backfills.ts";
export type * from "./documents.ts";
export type * from "./changes.ts";
export type * from "./events.ts";
export type * from "./healing.ts";
export type * from "./jobs.ts";
export type * from "./ledger.ts";
export type * from "./logs.ts";
export type * from "./members.ts";
export type * from "./queue.ts";
export type * from "./queue-job.ts";
export type * from "./requests.ts";
export type * from "./runs.ts";
export type * from "./stats.ts";
export type * from "./steps.ts";

/**
 * The queues and the state of a fleet. BullMQ does the queueing, locks, delays and recovery of stalled runs; the other
 * sub-ports are what it lacks. Each method that changes state is one atomic step on the server, decides by the server's
 * clock, and adds the queue jobs that follow from it (next occurrences, manual runs, queued runs whose turn has come).
 *
 * A method is about the whole fleet unless it says that it is about one queue. Take only the sub-ports you need, as
 * `Pick<Engine, "jobs" | "ledger">`.
 */
export interface Engine {
  /** For people, e.g. `redis 7.0.15 at 127.0.0.1:6379`. */
  readonly label: string;

  /** Stored jobs. */
  readonly jobs: JobsPort;
  /** What people ask of runs: to start one now, to cancel one. */
  readonly requests: RequestsPort;
  /** A worker's decisions about runs, on one queue. */
  readonly runs: RunsPort;
  readonly steps: StepsPort;
  readonly logs: LogsPort;
  readonly backfills: BackfillsPort;
  /** What became of occurrences. */
  readonly ledger: LedgerPort;
  /** Counts of what the ledgers recorded. */
  readonly stats: StatsPort;
  /** What was changed, by whom. */
  readonly changes: ChangesPort;
  /** Queue jobs. */
  readonly queue: QueuePort;
  readonly events: EventsPort;
  /** The fleet's workers, and leases on what only one member may do at a time. */
  readonly members: MembersPort;
  /** Finds what was lost or is overdue. */
  readonly healing: HealingPort;
  /** What a fleet keeps beside its jobs. */
  readonly documents: DocumentsPort;
  /** Export and import of the whole state. */
  readonly transfer: TransferPort;

  /** Connects and checks the server. Safe to call twice. @throws `CONNECTION_FAILED`, `UNSUPPORTED_SERVER` */
  open(): Promise<void>;
  /**
   * Closes every connection, and cuts those whose server does not answer within `limitMs`; calls still waiting fail.
   * Safe to call twice. @default 2 s
   */
  close(limitMs?: number): Promise<void>;
  /** Whether the server answers now, and how long it took. Never throws. */
  health(): Promise<EngineHealth>;
  /** What its owner should know about the server and its settings, as they are now. Absent: there is nothing to know. */
  facts?(): Promise<readonly ServerFact[]>;
  /** The server's clock. */
  now(): Promise<EpochMs>;
  /**
   * Whether the error only says that the server can't be reached. The engine itself reports an outage, once; callers
   * need not.
   */
  takes?(error: unknown): boolean;
  /**
   * The engine of one queue alone, connected: a worker of that queue takes queue jobs, admits and settles there. Absent
   * if there is only the default queue.
   */
  serve?(queue: string): Promise<Engine>;
  /** The names of the queues, the default one first. Absent if there is only that. */
  queueNames?(): Promise<string[]>;
}

/** Something about a server that matters to a fleet. */
export interface ServerFact {
  /** Whether it is as it should be; `info`: it may be meant so. */
  readonly level: "good" | "info" | "warn";
  /** In a sentence, or a few words. */
  readonly text: string;
}

/** Whether the server answers. */
export interface EngineHealth {
  readonly ok: boolean;
  readonly roundTripMs: number | undefined;
  readonly problem: string | undefined;
}
