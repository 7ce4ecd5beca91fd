import type { Occurrence, Span } from "../schedule.ts";
import type { AdmitRequest } from "../run-requests.ts";
import { eachAlone, together } from "./catch-up.ts";
import { isLate } from "./lateness.ts";
import { replaceQueued } from "./overlap.ts";
import { lineUp, skippedFor } from "./line-up.ts";
import { type Place, placeOf } from "./place.ts";
import { addQueued, scheduledRun } from "./queued-runs.ts";
import { startRun } from "./run-start.ts";
import type { JobEntry, QueuedEntry } from "./state.ts";
import type { Step } from "./step.ts";
import { type Look, takeQueued } from "./take-queued.ts";
import { decideAgainst, decideEach, type Decision } from "./verdicts.ts";

/** Nothing starts, and the queued runs were not looked at. */
export const NOTHING: Look = { run: undefined, isComplete: false };

const MISSED: Decision = { verdict: "missed", event: "JOB_MISSED" };

/** With coalesce: one decision for all, by the latest. Grace comes first, then the place. */
export function decideTogether(
  step: Step,
  job: JobEntry,
  request: AdmitRequest,
  due: readonly [Occurrence, ...Occurrence[]],
  older: Span | undefined,
): Look {
  const { all, before } = together(due, older);
  if (isLate(job.rules, all.dueAt, step.now)) {
    decideAgainst(step, job, all, MISSED);
    return NOTHING;
  }
  const place = placeOf(step, job, false);
  if (place.name === "condition" || place.name === "full") {
    decideAgainst(step, job, all, skippedFor(place));
    return NOTHING;
  }
  const run = scheduledRun(job, all, place.waitUntil);
  if (before)
    decideAgainst(step, job, before, {
      verdict: "coalesced",
      event: "JOB_COALESCED",
      into: run.id,
    });
  return putInPlace(step, job, request, run, place);
}

/** Without coalesce: each on its own, oldest first; for a place is asked once. */
export function decideSingly(
  step: Step,
  job: JobEntry,
  request: AdmitRequest,
  due: readonly Occurrence[],
  older: Span | undefined,
): Look {
  const { missed, runs } = eachAlone(job.rules, due, step.now);
  if (older || missed.length > 0) decideEach(step, job, missed, MISSED, older);
  if (runs.length === 0) return takeQueued(step, job, request);
  return lineUp(step, job, runs) ? takeQueued(step, job, request) : NOTHING;
}

/** Starts or queues a run for which there is a place. */
export function putInPlace(
  step: Step,
  job: JobEntry,
  request: AdmitRequest,
  run: QueuedEntry,
  place: Place,
): Look {
  if (place.name === "start") return { run: startRun(step, job, request, run), isComplete: false };
  if (place.name === "replace") replaceQueued(step, job, run);
  else addQueued(job, run);
  return takeQueued(step, job, request);
}
