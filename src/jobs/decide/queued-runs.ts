import type { Decided, Decision } from "./verdicts.ts";
import { decideAgainst, decideEach, runIdOf } from "./verdicts.ts";
import type { Together } from "./catch-up.ts";
import type { JobEntry, QueuedEntry } from "./state.ts";
import type { Step } from "./step.ts";
import { stopWaking } from "./wakeups.ts";
import type { EpochMs } from "../../core/clock.ts";

/** A scheduled occurrence as a queued run. */
export function scheduledRun(
  job: JobEntry,
  { fireAt, dueAt, fromAt, count }: Together,
  waitUntil: EpochMs | null,
): QueuedEntry {
  const id = runIdOf(job, fireAt);
  return {
    id,
    kind: "scheduled",
    fireAt,
    dueAt,
    fromAt,
    count,
    ignoreCondition: false,
    waitUntil,
  };
}

/** A queued run as one that is decided. All that it stood for but the latest have their verdict. */
export function decidedOf({ id, kind, fireAt, dueAt, by }: QueuedEntry): Decided {
  return { id, kind, fireAt, dueAt, fromAt: fireAt, count: 1, ...(by && { by }) };
}

/** Puts a run in its place in the queue: by its fire time, then by its id. */
export function addQueued({ queued }: JobEntry, run: QueuedEntry): void {
  if (queued.some(({ id }) => id === run.id)) return;
  const after = queued.findLastIndex((one) => isBefore(one, run));
  queued.splice(after + 1, 0, run);
}

function isBefore(one: QueuedEntry, other: QueuedEntry): boolean {
  return one.fireAt < other.fireAt || (one.fireAt === other.fireAt && one.id < other.id);
}

/** Takes a run out of the queue. @returns the run, if it was there */
export function takeOut({ queued }: JobEntry, id: string): QueuedEntry | undefined {
  const at = queued.findIndex((one) => one.id === id);
  return at < 0 ? undefined : queued.splice(at, 1)[0];
}

/** Takes the scheduled runs out of the queue, oldest first. */
export function takeOutScheduled({ queued }: JobEntry): QueuedEntry[] {
  const scheduled = queued.filter(({ kind }) => kind === "scheduled");
  const others = queued.filter(({ kind }) => kind !== "scheduled");
  queued.splice(0, queued.length, ...others);
  return scheduled;
}

/** Skips the queued runs. A pause keeps those that a person asked for. */
export function skipQueued(step: Step, job: JobEntry, reason: "paused" | "removed"): void {
  const why: Decision = { verdict: "skipped", event: "JOB_SKIPPED", reason };
  if (reason === "removed")
    for (const run of job.queued.filter(({ kind }) => kind === "manual")) {
      takeOut(job, run.id);
      decideAgainst(step, job, decidedOf(run), why);
    }
  decideEach(step, job, takeOutScheduled(job), why);
  stopWaking(step, job);
}
