import type { Attempt, FaultKind, History } from "../history/history.ts";
import { RECOVERY_MS } from "./health.ts";
import { statesIn } from "./job-states.ts";
import { type Case, type JobView, retriedAt, type RunView } from "./job-view.ts";
import { clockTime, type Violation } from "./violation.ts";

/** A process away for this long may have lost its locks. */
const MIN_STALL_MS = 1_000;

/** Timers are truncated to whole milliseconds. */
const TIMER_MS = 5;

/** Faults that can take a run from a worker without touching the worker itself. */
const TOUCH_ALL: ReadonlySet<FaultKind> = new Set([
  "restart-server",
  "freeze-server",
  "sleep-server",
  "hold-calls",
  "kill-connections",
  "slow-network",
  "cut-network",
  "delete-keys",
]);

/** Every attempt after the first has a cause that took the run from the previous one. */
export function causes(job: JobView, { history }: Case): Violation[] {
  return job.runs.flatMap((run) =>
    run.attempts
      .filter(({ attempt }) => attempt > 1)
      .filter((attempt) => !wasRetried(attempt, run, job) && !hasCause(attempt, run, history))
      .map(({ attempt, startAt }) => ({
        kind: "attempt without cause" as const,
        job: job.id,
        at: startAt,
        text: `attempt ${attempt} of ${run.run} began at ${clockTime(startAt)}; nothing had happened to attempt ${attempt - 1}`,
      })),
  );
}

/** The previous attempt itself said that it failed or timed out, and the server recorded that another follows. */
function wasRetried({ attempt }: Attempt, { run, attempts }: RunView, job: JobView): boolean {
  const toldAt = retriedAt(job, run, attempt - 1);
  if (toldAt === undefined) return false;
  const before = attempts.findLast((other) => other.attempt === attempt - 1);
  if (before?.endedOk !== true) return true;
  const limits = statesIn(job.states, attempts[0].admittedAt, toldAt).flatMap(
    (state) => state?.spec.rules.timeoutMs ?? [],
  );
  return (before.endAt ?? 0) - before.admittedAt >= Math.min(...limits) - TIMER_MS;
}

function hasCause(attempt: Attempt, { attempts }: RunView, history: History): boolean {
  const before = attempts.findLast((other) => other.attempt === attempt.attempt - 1);
  const to = attempt.startAt;
  // About an attempt that recorded nothing, only its upper age is known.
  const from = before?.startAt ?? to - 2 * RECOVERY_MS;
  const touchesAll = history.faults.some(
    (fault) => TOUCH_ALL.has(fault.kind) && fault.from <= to && fault.to + RECOVERY_MS >= from,
  );
  if (touchesAll) return true;
  const wasSlow = history.slowness.some(
    (slow) =>
      slow.to - slow.from >= MIN_STALL_MS && slow.from <= to && slow.to + RECOVERY_MS >= from,
  );
  if (wasSlow) return true;
  const isIts = (pid: number | undefined): boolean => before === undefined || pid === before.pid;
  return (
    history.deaths.some(({ pid, at }) => isIts(pid) && at >= from && at <= to) ||
    history.stalls.some(
      (stall) =>
        isIts(stall.pid) &&
        stall.to - stall.from >= MIN_STALL_MS &&
        stall.from <= to &&
        stall.to >= from,
    )
  );
}
