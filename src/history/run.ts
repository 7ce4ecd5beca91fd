import type { EpochMs } from "../core/clock.ts";
import { parseQueueJobId } from "../jobs/occurrence-id.ts";
import type { LedgerRow, RunKind } from "../jobs/run.ts";
import type { StoredError } from "../core/stored-error.ts";
import { type OpenState, type SkipReason, type Verdict, VERDICTS } from "../jobs/verdict.ts";
import { CronduitError } from "../core/errors.ts";

/** The decision on one occurrence, or on several that share it, as the ledger holds it. */
export interface Run {
  /** Names the run; the same for all its attempts. */
  readonly id: string;
  readonly jobId: string;
  /** The verdict, or the state before it. */
  readonly verdict: Verdict | OpenState;
  /** Asked for by the schedule or by `runJob`. */
  readonly trigger: RunKind;
  /** Nominal fire time; of several occurrences, the latest. */
  readonly fireTime: Date;
  /** Fire time plus jitter. */
  readonly dueTime: Date;
  /** How many occurrences this decision stands for; 1 unless they were decided together. */
  readonly count: number;
  /** Fire time of the first of them. */
  readonly firstFireTime: Date;
  /** When the last attempt began, by the server's clock. */
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  /** When it was decided, for occurrences that did not run. */
  readonly decidedAt: Date | undefined;
  /** Start (or decision) minus due time, in ms. */
  readonly latenessMs: number | undefined;
  /** Length of the last attempt, in ms. */
  readonly durationMs: number | undefined;
  /** Which attempt it is or was, from 1; `undefined` if it was never started. */
  readonly attempt: number | undefined;
  /** The worker of the last attempt. */
  readonly worker: string | undefined;
  /** Why it was skipped. */
  readonly reason: SkipReason | undefined;
  /** The run that this occurrence was merged into. */
  readonly coalescedInto: string | undefined;
  /** What the pipeline returned, cut if it was large. */
  readonly result: unknown;
  readonly error: StoredError | undefined;
}

/** Whether a run has ended. */
export function isVerdict(state: Run["verdict"]): state is Verdict {
  return (VERDICTS as readonly string[]).includes(state);
}

/**
 * The job that a run's id names.
 * @throws {@link CronduitError} `RUN_NOT_FOUND` for what is no run's id.
 */
export function jobOf(runId: unknown): string {
  const id = typeof runId === "string" ? parseQueueJobId(runId) : undefined;
  if (id) return id.jobId;
  throw new CronduitError("RUN_NOT_FOUND", `"${String(runId).slice(0, 200)}" is no run's id.`, {
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
    result: row.result,
    error: row.error,
  };
}
