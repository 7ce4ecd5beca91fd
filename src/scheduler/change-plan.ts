import { CronduitError } from "../core/errors.ts";
import type { JobChange, SkippedSpan } from "../engine/port/engine.ts";
import type { JobDefinition, StoredJob } from "../jobs/definition.ts";
import { timingOf, withTiming } from "../jobs/overrides.ts";
import { queueOf } from "../jobs/queue.ts";
import { type Occurrence, Schedule } from "../jobs/schedule.ts";
import type { SkipReason } from "../jobs/verdict.ts";

/** A planned change of a job: a new definition, schedule, state, or several of these. */
export type ChangePlan = Pick<
  JobChange,
  | "definition"
  | "schedule"
  | "pausedReason"
  | "pausedUntil"
  | "skipped"
  | "skips"
  | "runs"
  | "event"
> & {
  /** The instant that it is made for, if that is not now. */
  readonly asOf?: number;
};

/**
 * A job can't leave its queue, which holds its runs, its ledger and its queue jobs.
 * @throws {@link CronduitError} `INVALID_OPTION` for another queue.
 */
export function refuseMove(stored: JobDefinition, queue: unknown, where: string): void {
  const known = queueOf(stored);
  if (queue === known) return;
  throw new CronduitError(
    "INVALID_OPTION",
    `${where}, option "queue": job "${stored.id}" is on queue "${known}", and a job can't change its queue. Remove it by removeJob and add it again.`,
    { data: { path: "queue", jobId: stored.id, queue: known } },
  );
}

/** A new definition with the old one's schedule, including its anchor. */
export function keepSchedule(old: JobDefinition, fresh: JobDefinition): JobDefinition {
  return withTiming(asAdded(old, fresh), timingOf(old));
}

/** A new definition of a job, with when and by whom the job was added. */
function asAdded({ createdAt, addedBy }: JobDefinition, fresh: JobDefinition): JobDefinition {
  const { addedBy: _, ...rest } = fresh;
  return { ...rest, createdAt, ...(addedBy && { addedBy }) };
}

/** Whether a schedule starts at an explicit time, which is due immediately if it has passed. */
export function isGivenByHand({ firstRunAt, trigger }: JobDefinition): boolean {
  return firstRunAt !== null || trigger.kind === "date";
}

/** Decisions stand if the server's clock is set back: no fire time comes up twice. */
export function decidedUpTo(job: StoredJob, instant: number): number {
  return Math.max(instant, job.watermark);
}

/** The watermark of a job that is paused or resumed at an instant; occurrences due later come up later, if at all. */
export function settledAt(job: StoredJob, now: number): number {
  return decidedUpTo(job, new Schedule(job.definition).dueUpTo(now));
}

/**
 * A change to a definition with another schedule. Pausing is unaffected. An occurrence of the old schedule whose
 * nominal time has passed but is not yet due survives if the new schedule has that time too; the new one says when it
 * is due.
 */
export function reschedule(
  stored: StoredJob,
  definition: JobDefinition,
  now: number,
  from: number = now,
): Pick<ChangePlan, "definition" | "schedule" | "skipped" | "skips"> {
  const schedule = new Schedule(definition);
  const settled = settledAt(stored, now);
  // A watermark already past it leaves nothing to survive.
  const isToCome = settled < now && settled === new Schedule(stored.definition).dueUpTo(now);
  const keepsComing = isToCome && stored.state !== "finished" && schedule.has(settled + 1);
  const watermark = keepsComing
    ? settled
    : isGivenByHand(definition)
      ? from
      : decidedUpTo(stored, from);
  const upcoming = schedule.ahead(watermark);
  const decided = keepsComing ? settled : now;
  const state =
    stored.state === "paused" ? "paused" : schedule.isOver(upcoming) ? "finished" : "active";
  return {
    definition: asAdded(stored.definition, definition),
    schedule: {
      state,
      watermark,
      upcoming,
      expectedWatermark: stored.watermark,
    },
    skipped: undecided(stored, decided, stored.state === "paused" ? "paused" : "rescheduled"),
    ...keptSkips(stored, decided, schedule, watermark),
  };
}

/**
 * What becomes of a job's skips if all up to a nominal time is decided: those after it stay if they are fire times of the
 * schedule, the rest are dropped.
 * @param after Its fire times begin after this one. @default `upTo`
 */
export function keptSkips(
  job: StoredJob,
  upTo: number,
  schedule: Schedule,
  after: number = upTo,
): Pick<ChangePlan, "skips"> {
  if (job.skips.length === 0) return {};
  const kept = job.skips.flatMap(({ fireAt }) => {
    const next = fireAt > upTo && fireAt > after ? schedule.next(fireAt - 1) : undefined;
    return next?.fireAt === fireAt ? [next] : [];
  });
  return { skips: { upTo, kept } };
}

/** The undecided occurrences up to a nominal time, as one span. @param others Occurrences that are decided in another way. */
export function undecided(
  job: StoredJob,
  upTo: number,
  reason: SkipReason,
  others: readonly Occurrence[] = [],
): SkippedSpan[] {
  if (job.state === "finished") return [];
  const skipped = [...job.skips, ...others].map(({ fireAt }) => fireAt);
  const span = new Schedule(job.definition, skipped).span(job.watermark, upTo);
  return span ? [{ ...span, verdict: "skipped", reason }] : [];
}
