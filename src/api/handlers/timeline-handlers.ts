import { isoOrNull } from "../../core/iso.ts";
import type { DecidedMark, PlannedMark } from "../../history/timeline-marks.ts";
import type { JobTimeline } from "../../history/job-timeline.ts";
import type { Handlers } from "./handler.ts";

/** What the routes do that show what was and what comes of many jobs. */
export const timelineHandlers: Handlers<"getTimeline"> = {
  async getTimeline({ query, scheduler }) {
    const [isPaused, page] = await Promise.all([
      scheduler.isPaused(),
      scheduler.getTimeline(query),
    ]);
    const { now, from, to, jobs, cursor, lookedAt } = page;
    return {
      items: jobs.map(toTimelineAnswer),
      nextCursor: cursor ?? null,
      now: now.toISOString(),
      from: from.toISOString(),
      to: to.toISOString(),
      isPaused,
      lookedAt,
    };
  },
};

function toTimelineAnswer({
  pausedUntil,
  decidedFrom,
  plannedTo,
  decided,
  planned,
  ...job
}: JobTimeline) {
  return {
    ...job,
    owner: job.owner ?? null,
    pausedReason: job.pausedReason ?? null,
    pausedUntil: isoOrNull(pausedUntil),
    usualDurationMs: job.usualDurationMs ?? null,
    decided: decided.map(toDecided),
    decidedFrom: isoOrNull(decidedFrom),
    planned: planned.map(toPlanned),
    plannedTo: isoOrNull(plannedTo),
  };
}

function toDecided(mark: DecidedMark) {
  return {
    ...mark,
    firstFireTime: mark.firstFireTime.toISOString(),
    fireTime: mark.fireTime.toISOString(),
    reason: mark.reason ?? null,
    promise: mark.promise ?? null,
    startedAt: isoOrNull(mark.startedAt),
    finishedAt: isoOrNull(mark.finishedAt),
  };
}

function toPlanned({ firstFireTime, fireTime, dueTime, flags, ...rest }: PlannedMark) {
  return {
    ...rest,
    firstFireTime: firstFireTime.toISOString(),
    fireTime: fireTime.toISOString(),
    dueTime: dueTime.toISOString(),
    flags: [...flags],
  };
}
