import type { EpochMs } from "../core/clock.ts";
import type { Actor } from "../jobs/actor.ts";
import { parseQueueJobId } from "../jobs/occurrence-id.ts";
import type { LedgerRow, RunKind } from "../jobs/ledger-row.ts";
import type { StoredError } from "../core/stored-error.ts";
import { type OpenState, type SkipReason, type Verdict, VERDICTS } from "../jobs/verdict.ts";
import { CronduitError } from "../core/errors.ts";
import { shownUpTo } from "../core/shown.ts";

/**
 * The decision on one occurrence, or on several that share it, as recorded in the ledger.
 * @template T What `result` can be; known where the pipeline is.
 */
export interface Run<T = unknown> {
  /** The run's id; the same for all its attempts. */
  readonly id: string;
  readonly jobId: string;
  /** The verdict, or the state before it. */
  readonly verdict: Verdict | OpenState;
  /** What requested the run: the schedule, `runJob` or a backfill. */
  readonly trigger: RunKind;
  /** Whose job it was; `undefined` if it had no owner. */
  readonly owner: string | undefined;
  /** Who asked for it: for a run by `runJob`, or for the skip. */
  readonly requestedBy: Actor | undefined;
  /** Who cancelled it. */
  readonly cancelledBy: Actor | undefined;
  /** Nominal fire time; if several occurrences share the decision, the latest. */
  readonly fireTime: Date;
  /** Fire time plus jitter. */
  readonly dueTime: Date;
  /** How many occurrences share this decision; usually 1. */
  readonly count: number;
  /** Fire time of the first of them. */
  readonly firstFireTime: Date;
  /** When the last attempt began, by the server's clock. */
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  /** When it was decided, for occurrences that didn't run. */
  readonly decidedAt: Date | undefined;
  /** Start (or decision) minus due time, in ms. */
  readonly latenessMs: number | undefined;
  /** Length of the last attempt, in ms. */
  readonly durationMs: number | undefined;
  /** The current or last attempt, from 1; `undefined` if the run never started. */
  readonly attempt: number | undefined;
  /** The worker of the last attempt. */
  readonly worker: string | undefined;
  /** Why it was skipped. */
  readonly reason: SkipReason | undefined;
  /** The run into which this occurrence was coalesced. */
  readonly coalescedInto: string | undefined;
  /** What whoever asked for the skip wrote. */
  readonly note: string | undefined;
  /** What the pipeline returned, as JSON; truncated if it was large. */
  readonly result: T;
  readonly error: StoredError | undefined;
}

/** Whether a run has ended. */
export function isVerdict(state: Run["verdict"]): state is Verdict {
  return (VERDICTS as readonly string[]).includes(state);
}

/**
 * The job that a run id belongs to.
 * @throws {@link CronduitError} `RUN_NOT_FOUND` for anything that isn't a run id.
 */
export function jobOf(runId: unknown): string {
  const id = typeof runId === "string" ? parseQueueJobId(runId) : undefined;
  if (id) return id.jobId;
  throw new CronduitError("RUN_NOT_FOUND", `${shownUpTo(200, runId)} is not a run id.`, {
    data: { runId },
  });
}

function date(at: EpochMs | undefined): Date | undefined {
  return at === undefined ? undefined : new Date(at);
}

/** A ledger row as users see it. */
export function toRun(row: LedgerRow): Run {
  const beganAt = row.startedAt ?? row.decidedAt;
  return {
    id: row.id,
    jobId: parseQueueJobId(row.id)?.jobId ?? "",
    verdict: row.state,
    trigger: row.kind,
    owner: row.owner,
    requestedBy: row.by,
    cancelledBy: row.cancelledBy,
    fireTime: new Date(row.fireAt),
    dueTime: new Date(row.dueAt),
    count: row.count ?? 1,
    firstFireTime: new Date(row.fromAt ?? row.fireAt),
    startedAt: date(row.startedAt),
    finishedAt: date(row.finishedAt),
    decidedAt: date(row.decidedAt),
    latenessMs: beganAt === undefined ? undefined : Math.max(0, beganAt - row.dueAt),
    durationMs:
      row.finishedAt === undefined || row.startedAt === undefined
        ? undefined
        : row.finishedAt - row.startedAt,
    attempt: row.attempt,
    worker: row.worker,
    reason: row.reason,
    coalescedInto: row.coalescedInto,
    note: row.note,
    result: row.result,
    error: row.error,
  };
}
