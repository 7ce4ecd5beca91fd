import type { ConditionProgram } from "../../conditions/compile.ts";
import type { EpochMs } from "../../core/clock.ts";
import type { StoredError } from "../../core/stored-error.ts";
import type { Actor } from "../actor.ts";
import type { HandedOver, JobState, Overlap } from "../definition.ts";
import type { LastRun, LastScheduledRun, LedgerRow, RunKind } from "../ledger-row.ts";
import type { ChangeList, NotedChange, Revision } from "../noted-change.ts";
import type { Occurrence } from "../schedule.ts";
import type { StoredSkip } from "../stored-skip.ts";
import type { Verdict } from "../verdict.ts";

/**
 * Everything that the rules know of one queue, as plain data: a structured clone of it is an independent copy. Only the
 * functions of this folder change it.
 */
export interface QueueState {
  readonly jobs: Map<string, JobEntry>;
  /** Runs without a verdict that were admitted: by their job, then by the queue job that holds them. They outlive their job. */
  readonly running: Map<string, Map<string, RunningRun>>;
  /** By job. A ledger outlives its job, too. */
  readonly ledgers: Map<string, Ledger>;
  /** What the rows of a job's ledger came to, by day; kept as long as the ledger, and however few rows are kept. */
  readonly days: Map<string, Periods>;
  /** The same of all jobs, by hour. */
  readonly hours: Periods;
  readonly groups: Map<string, Group>;
  /** For each job that waiting conditions name, whether it exists or not, the jobs that have these conditions. */
  readonly dependents: Map<string, Set<string>>;
  /** Revisions, generations and ids of queue jobs share one counter of the fleet: no number is used twice. */
  readonly numbers: { last: number };
  /** When something of a job changes by itself. */
  readonly timed: Map<string, EpochMs>;
  /** On the default queue: the jobs of other queues, and the number of the claim. */
  readonly homes: Map<string, { readonly queue: string; readonly claim: number }>;
  /** On other queues: no job may be stored any more by this claim or an earlier one. */
  readonly fence: { claim: number };
  /** What was changed, by whom. */
  readonly changes: Readonly<Record<ChangeList, Changes>>;
  /** Calls that change many jobs, by their ids. */
  readonly bulks: Map<string, OpenBulk>;
  /** The changes of each job, oldest first. They last as long as the job's ledger. */
  readonly revisions: Map<string, Revision[]>;
}

/** What decisions about a job go by. */
export interface JobRules {
  readonly pipeline: string;
  /** Whose events and rows they are. */
  readonly owner: string | null;
  readonly maxInstances: number;
  readonly coalesce: boolean;
  /** `null`: any delay is fine. */
  readonly graceMs: number | null;
  readonly maxCatchUp: number;
  readonly condition: ConditionProgram | null;
  /** The owners whose jobs the condition sees; `null`: everybody's. */
  readonly sees: readonly string[] | null;
  /** How long a run waits for its condition; `null`: not at all. */
  readonly waitMs: number | null;
  readonly overlap: Overlap;
  readonly group: { readonly key: string; readonly limit: number } | null;
  /** This many failed runs in a row pause the job. */
  readonly pauseAfter: number | null;
  readonly keepCount: number;
  readonly keepAgeMs: number;
}

/** A stored job. */
export interface JobEntry {
  readonly id: string;
  /** JSON text of the definition. */
  definition: string;
  /** Digest of what was declared. */
  declared: string;
  rules: JobRules;
  revision: number;
  generation: number;
  state: JobState;
  /** Every occurrence up to and including this fire time is decided. */
  watermark: EpochMs;
  /** The next undecided occurrence; `null` if the job is paused, finished or has no schedule. */
  next: Occurrence | null;
  pausedAt: EpochMs | null;
  pausedReason: string | null;
  /** When its pause ends by itself. */
  pausedUntil: EpochMs | null;
  finishedAt: EpochMs | null;
  /** The occurrence last reported as overdue. */
  overdueFireAt: EpochMs | null;
  /** Runs that wait for an instance, for their condition or for their group, in the order of fire times and ids. */
  readonly queued: QueuedEntry[];
  /** Manual runs that no worker has taken, by their ids. */
  readonly requests: Map<string, ManualRequest>;
  /** When its manual runs were asked for, by the number of the request; the oldest first. */
  readonly asked: Map<number, EpochMs>;
  /** Queue jobs that make a worker look at the queued runs, until one acknowledges them. */
  readonly wakeups: Set<string>;
  /** The wakeup at an instant, when something about the queued runs changes by itself. */
  timedWakeup: { readonly id: string; readonly at: EpochMs } | null;
  readonly counts: Partial<Record<Verdict, number>>;
  lastRun: LastRun | null;
  /** Kept only while {@link lastRun} is not scheduled. */
  lastScheduledRun: LastScheduledRun | null;
  lastSuccessAt: EpochMs | null;
  successStreak: number;
  failuresInARow: number;
  /** The job's last backfill. */
  backfill: BackfillEntry | null;
  /** Skips that were asked for, by fire time; all are above the watermark. */
  readonly skips: Map<EpochMs, SkipEntry>;
  /** Its last change of the owner; `null`: it has had this one all the time. */
  handedOver: HandedOver | null;
}

/** A skip that was asked for. */
export type SkipEntry = Omit<StoredSkip, "fireAt">;

/** A run that waits. */
export interface QueuedEntry {
  readonly id: string;
  readonly kind: "scheduled" | "manual";
  readonly fireAt: EpochMs;
  readonly dueAt: EpochMs;
  /** The first occurrence that the run stands for; all but the latest have their verdict. */
  readonly fromAt: EpochMs;
  readonly count: number;
  readonly params?: unknown;
  readonly ignoreCondition: boolean;
  /** Who asked for a manual run. */
  readonly by?: Actor;
  /** Until when it waits for its condition; `null`: it does not. */
  waitUntil: EpochMs | null;
}

/** A manual run that no worker has taken. */
export interface ManualRequest {
  readonly fireAt: EpochMs;
  readonly params?: unknown;
  readonly ignoreCondition: boolean;
  /** Who asked for it. */
  readonly by?: Actor;
}

/** A run that was admitted and has no verdict. It holds one instance. */
export interface RunningRun {
  readonly jobId: string;
  queueJobId: string;
  readonly id: string;
  readonly kind: RunKind;
  readonly pipeline: string;
  /** The job's owner when the run started: the job may be removed before it ends. */
  readonly owner: string | null;
  /** Who asked for a manual run. */
  readonly by?: Actor;
  readonly fireAt: EpochMs;
  readonly dueAt: EpochMs;
  readonly fromAt: EpochMs;
  readonly count: number;
  readonly params?: unknown;
  /** The group that its job had when it started, in which it counts. */
  readonly group: string | null;
  /** When this start began. */
  startedAt: EpochMs;
  /** When this attempt began; a start that goes on after a sleep continues the attempt. */
  attemptAt: EpochMs;
  /** Counts starts: whoever has a lower number has lost the run. */
  start: number;
  attempt: number;
  /** Attempts that failed and were retried. */
  failures: number;
  /** Starts that ended without a word from their worker. */
  crashes: number;
  /** Which starts those were, with their workers. */
  readonly crashed: Map<number, string>;
  worker: string;
  /** Names the taking of the queue job that started it. */
  take: string;
  isHandedBack: boolean;
  /** The worker of this start lost its lock, but lives. */
  isAlive: boolean;
  /** Set while it waits to go on by itself. `error`: of the attempt before a retry. */
  suspended: {
    readonly kind: "retry" | "sleep";
    readonly until: EpochMs;
    readonly error: StoredError | undefined;
  } | null;
  /** Set if it is to be cancelled: the reason. */
  cancelReason: string | null;
  /** Who wants that. */
  cancelledBy: Actor | null;
}

/** The changes of one list. */
export interface Changes {
  /** The place of the newest. */
  last: number;
  /** Oldest first, without gaps. */
  readonly kept: NotedChange[];
}

/** A call that changes many jobs, and where it is listed. */
export interface OpenBulk {
  readonly list: ChangeList;
  readonly place: number;
  endsAt: EpochMs;
}

/** What became of a job's occurrences. */
export interface Ledger {
  /** In the order of fire times; of equal ones, in the order of decisions. */
  readonly rows: LedgerRow[];
  /** When the ledger of a removed job ends; `null` while there is the job. */
  expiresAt: EpochMs | null;
  /** Rows of earlier fire times were deleted on request; `null`: none were. */
  cleanedTo: EpochMs | null;
}

/** Roll-ups by the number of their hour or day. */
export type Periods = Map<number, Tallied>;

/** A roll-up of one period; see `RollUp`. */
export interface Tallied {
  readonly marks: Map<string, number>;
  latenessMaxMs: number;
  durationMaxMs: number;
}

/** Runs that share a limit. */
export interface Group {
  /** How many run. */
  running: number;
  /** The jobs that wait for room, in the order of their turns. A job may wait twice: for its runs and for its backfill. */
  readonly line: GroupPlace[];
}

/** A job's place in a group's line. */
export interface GroupPlace {
  readonly jobId: string;
  readonly isBackfill: boolean;
}

/** Past fire times that run beside the schedule. */
export interface BackfillEntry {
  readonly backfillId: string;
  state: "adding" | "active" | "paused" | "finished" | "cancelled";
  total: number;
  readonly concurrency: number;
  readonly order: "oldest" | "latest";
  readonly verdicts: Partial<Record<Verdict, number>>;
  readonly createdAt: EpochMs;
  /** When fire times were last added. */
  touchedAt: EpochMs;
  /** Fire times that have no queue job yet, oldest first. */
  readonly waiting: EpochMs[];
  /** Fire times whose runs have not started, by their queue jobs. */
  readonly queued: Map<string, EpochMs>;
}

/** How far the queue is with a queue job. */
export type QueueJobState = "delayed" | "waiting" | "active";

/** Queue jobs, as the rules add and drop them. */
export interface QueueJobs {
  /** Adds one that is due at an instant; leaves one of this id as it is. */
  add(id: string, pipeline: string, dueAt: EpochMs): void;
  /** Adds one that workers take after all others that are due. */
  addLast(id: string, pipeline: string, dueAt: EpochMs): void;
  /** Drops one, unless a worker has it. */
  drop(id: string): void;
  stateOf(id: string): QueueJobState | undefined;
  /** Whether a worker has it by this lock, which has not expired. */
  isHeld(id: string, lock: string): boolean;
  /** Ends one that a worker has by this lock. @returns whether it did */
  end(id: string, lock: string): boolean;
}

/** An empty queue. @param numbers of the fleet; absent: a fleet of its own. */
export function emptyState(numbers: { last: number } = { last: 0 }): QueueState {
  return {
    jobs: new Map(),
    running: new Map(),
    ledgers: new Map(),
    days: new Map(),
    hours: new Map(),
    groups: new Map(),
    dependents: new Map(),
    timed: new Map(),
    numbers,
    homes: new Map(),
    fence: { claim: 0 },
    changes: { main: { last: 0, kept: [] }, routine: { last: 0, kept: [] } },
    bulks: new Map(),
    revisions: new Map(),
  };
}
