import type { Actor } from "../actor.ts";
import type { BackfillChange, BackfillPlan, BackfillState } from "../backfill-requests.ts";
import type { ChangeKind } from "../noted-change.ts";
import type { Scoped } from "../scope.ts";
import {
  addFireTime,
  closeBackfill,
  feedBackfill,
  recallBackfill,
  runningOfBackfill,
} from "./backfill-times.ts";
import { noteChange } from "./changes.ts";
import { leaveLine } from "./group-room.ts";
import type { BackfillEntry, JobEntry, QueueState } from "./state.ts";
import { findJob, runningOf, type Step } from "./step.ts";
import { backfillRunId } from "./upcoming.ts";

const NOTED = {
  pause: "backfill-paused",
  resume: "backfill-resumed",
  cancel: "backfill-cancelled",
} as const satisfies Record<BackfillChange, ChangeKind>;

/** Adding that made no progress for this long was given up. */
const ADDING_MS = 60_000;

/** Adds fire times to a job's backfill, and begins it if there is none. A job has at most one that is not over. */
export function addBackfill(step: Step, plan: BackfillPlan): "added" | "conflict" | "missing" {
  const job = findJob(step, plan);
  if (!job) return "missing";
  const known = job.backfill;
  const isKnown = known?.backfillId === plan.backfillId;
  // A repeated call, whose answer was lost with a connection.
  if (isKnown && known.state !== "adding") return "added";
  if (known && !isKnown && isInTheWay(known, step.now)) return "conflict";
  const backfill = isKnown ? known : begin(step, plan);
  job.backfill = backfill;
  const had = backfill.waiting.length;
  for (const fireAt of undone(step, job, plan.fireTimes)) addFireTime(backfill, fireAt);
  backfill.total += backfill.waiting.length - had;
  backfill.touchedAt = step.now;
  if (plan.isComplete) {
    backfill.state = "active";
    const { by, jobId } = plan;
    noteChange(step, { by, what: "backfill-started", jobId, count: backfill.total });
  }
  feedBackfill(step, job);
  return "added";
}

function isInTheWay({ state, touchedAt }: BackfillEntry, now: number): boolean {
  if (state === "adding") return now - touchedAt <= ADDING_MS;
  return state === "active" || state === "paused";
}

function begin({ now }: Step, { backfillId, concurrency, order }: BackfillPlan): BackfillEntry {
  return {
    backfillId,
    state: "adding",
    total: 0,
    concurrency,
    order,
    verdicts: {},
    createdAt: now,
    touchedAt: now,
    waiting: [],
    queued: new Map(),
  };
}

/** Fire times that no backfill has run, and none runs. */
function undone(step: Step, { id }: JobEntry, fireTimes: readonly number[]): number[] {
  const rows = step.state.ledgers.get(id)?.rows ?? [];
  const done = new Set([
    ...rows.filter(({ kind }) => kind === "backfill").map((row) => row.id),
    ...runningOf(step, id).map((run) => run.id),
  ]);
  return fireTimes.filter((fireAt) => !done.has(backfillRunId(id, fireAt)));
}

/** Pauses, resumes or cancels a job's backfill; runs that have started go on. */
export function changeBackfill(
  step: Step,
  jobId: string,
  change: BackfillChange,
  by: Actor,
  scope?: Scoped["scope"],
): "changed" | "missing" {
  const job = findJob(step, { jobId, scope });
  const backfill = job?.backfill;
  if (!job || !backfill || backfill.state === "finished" || backfill.state === "cancelled")
    return "missing";
  if (change !== "cancel" && backfill.state === "adding") return "missing";
  noteChange(step, { by, what: NOTED[change], jobId });
  if (change === "cancel") {
    closeBackfill(step, job, backfill, "cancelled");
  } else if (change === "pause") {
    recallBackfill(step, backfill);
    leaveLine(step, job, true);
    backfill.state = "paused";
  } else {
    backfill.state = "active";
    feedBackfill(step, job);
  }
  return "changed";
}

/** The progress of a job's last backfill. */
export function backfillState(state: QueueState, jobId: string): BackfillState | undefined {
  const backfill = state.jobs.get(jobId)?.backfill;
  if (!backfill) return undefined;
  const { waiting, queued, touchedAt: _, verdicts, ...rest } = backfill;
  return {
    ...rest,
    waiting: waiting.length + queued.size,
    running: runningOfBackfill({ state }, jobId),
    verdicts: { ...verdicts },
  };
}
