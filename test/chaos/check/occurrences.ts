import { names, type ReferenceSchedule, wallClock } from "../../triggers/reference.ts";
import type { Schedule } from "../history/job-spec.ts";
import type { JobState, JobStates, Stretch } from "./job-states.ts";

/**
 * `must`: the job was surely active, so there must be a verdict. `may`: an edit was in progress, so there may be one.
 * `not`: it was surely paused, so it must not run.
 */
export type Duty = "must" | "may" | "not";

/** A time when a job was due, or would have been. */
export interface Due {
  readonly at: number;
  readonly duty: Duty;
}

const SECOND = 1_000;
const MINUTE = 60_000;

function range(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

const EVERY_MINUTE: ReferenceSchedule = {
  minutes: range(60),
  hours: range(24),
  days: range(31, 1),
  months: range(12, 1),
  weekdays: range(7),
  stars: { minute: true, hour: true, day: true, weekday: true },
  expression: "* * * * *",
};

/** All fire times in [`from`, `to`], found by stepping through time. Shares no code with our triggers. */
export function fireTimes(schedule: Schedule, from: number, to: number): number[] {
  const found: number[] = [];
  if (schedule.kind === "date")
    return schedule.at >= from && schedule.at <= to ? [schedule.at] : [];
  if (schedule.kind === "interval") {
    for (let at = schedule.startAt; at <= to; at += schedule.everyMs)
      if (at >= from) found.push(at);
    return found;
  }
  for (let at = Math.ceil(from / SECOND) * SECOND; at <= to; at += SECOND) {
    const wall = wallClock(Math.floor(at / MINUTE) * MINUTE, schedule.timezone);
    if (schedule.seconds.includes((at % MINUTE) / SECOND) && names(EVERY_MINUTE, wall))
      found.push(at);
  }
  return found;
}

function includes(state: JobState, at: number): boolean {
  return state !== undefined && fireTimes(state.spec.schedule, at, at).length > 0;
}

function dutyIn({ states, calls }: Stretch, at: number): Duty | undefined {
  const named = states.filter((state) => includes(state, at));
  const active = named.filter((state) => state?.phase === "active");
  if (named.length === 0) return undefined;
  if (active.length === 0) return "not";
  // A change of rules, a skip or a run leaves the schedule unchanged, even while it is in progress.
  const isTouched = calls.some(
    ({ edit }) => !/^(?:modify|skip|unskip|run)$/.test(edit.change.kind),
  );
  return active.length === states.length && !isTouched ? "must" : "may";
}

const RANK: Readonly<Record<Duty, number>> = { must: 2, may: 1, not: 0 };

/** Every time when the job was or may have been due, up to `to`. */
export function occurrences(states: JobStates, to: number): Due[] {
  const found = new Map<number, Duty>();
  const note = (at: number, duty: Duty | undefined): void => {
    const known = found.get(at);
    if (duty !== undefined && (known === undefined || RANK[duty] > RANK[known]))
      found.set(at, duty);
  };
  for (const stretch of states.stretches) {
    const isEdit = stretch.calls.length > 0;
    const end = Math.min(stretch.to, to);
    for (const state of stretch.states) {
      if (!state) continue;
      const { schedule } = state.spec;
      if (schedule.kind === "date") noteDate(states, stretch, schedule.at, to, note);
      else
        for (const at of fireTimes(schedule, stretch.from, end)) {
          // The ends of an edit belong to it.
          if (isEdit || (at > stretch.from && at < stretch.to)) note(at, dutyIn(stretch, at));
        }
    }
  }
  return [...found].map(([at, duty]) => ({ at, duty })).toSorted((a, b) => a.at - b.at);
}

/** A date in the past when its job was added is due immediately. */
function noteDate(
  { stretches }: JobStates,
  stretch: Stretch,
  date: number,
  to: number,
  note: (at: number, duty: Duty | undefined) => void,
): void {
  if (date > to) return;
  const first = stretches.find(({ states }) => states.some((state) => includes(state, date)));
  const addedBy = first?.to ?? 0;
  const dueBy = Math.max(date, addedBy);
  if (stretch.from < dueBy && dueBy < stretch.to) note(date, dutyIn(stretch, date));
  else if (stretch.from <= dueBy && dueBy <= stretch.to) {
    // At the very end of the edit that added it, it is due if nothing else is in progress.
    const isOnlyAdding = stretch.calls.every(({ edit }) => edit.change.kind === "add");
    const isSure = stretch.states.every((state) => state?.phase === "active");
    note(date, isOnlyAdding && isSure ? "must" : "may");
  }
}
