import type { Occurrence } from "../schedule.ts";
import { alone } from "./catch-up.ts";
import { replaceQueued } from "./overlap.ts";
import { type Place, placeOf, refusalOf } from "./place.ts";
import { addQueued, scheduledRun } from "./queued-runs.ts";
import type { JobEntry } from "./state.ts";
import type { Step } from "./step.ts";
import { decideEach, type Decision } from "./verdicts.ts";

/**
 * Puts occurrences that are due into the queue, oldest first, as far as there is a place for them; it is asked for once. The
 * others are skipped.
 * @returns whether some are in the queue, which is to be looked at
 */
export function lineUp(step: Step, job: JobEntry, runs: readonly Occurrence[]): boolean {
  const place = placeOf(step, job, false);
  const queued = runs.map((one) => scheduledRun(job, alone(one), place.waitUntil));
  switch (place.name) {
    case "replace": {
      const last = queued.pop();
      if (last) replaceQueued(step, job, last, queued);
      return true;
    }
    case "condition":
    case "full":
      decideEach(step, job, runs, skippedFor(place));
      return false;
    case "start":
    case "queue": {
      const { room = queued.length } = place;
      for (const run of queued.slice(0, room)) addQueued(job, run);
      if (room < runs.length) decideEach(step, job, runs.slice(room), skippedFor({ name: "full" }));
      return true;
    }
  }
}

/** The decision on runs that find no place. */
export function skippedFor(place: Pick<Place, "name" | "facts">): Decision {
  const { event, reason, facts } = refusalOf(place);
  return { verdict: "skipped", event, reason, facts };
}
