import type { EpochMs } from "../../core/clock.ts";
import type { JobDefinition } from "../../jobs/definition.ts";
import { Schedule } from "../../jobs/schedule.ts";
import {
  affectedTimes,
  type AffectedTimes,
  type ClockedJob,
} from "../../simulate/clock-changes.ts";
import { formatLocal, formatWallTime } from "../../triggers/time/local-text.ts";
import type { KeptJob } from "../apply/kept-job.ts";
import type { Finding, Problem } from "../file-problem.ts";

const DAY_MS = 86_400_000;
const YEAR_MS = 366 * DAY_MS;
/** Jobs that start together without a word. */
const FEW = 4;
/** Minutes that are told. */
const MOST_MINUTES = 3;
const MOST_NAMED = 5;
/** A job that runs more often a day meets others all the time. */
const SELDOM = 96;
/** Warnings about the clock, so that a set with thousands of jobs can still be read. */
const MOST_OF_CLOCKS = 50;

/** A job of a file, as it would be stored. */
export interface JobToCome {
  readonly job: Pick<KeptJob, "id" | "file" | "line" | "column">;
  readonly definition: JobDefinition;
}

/** What is right, and still may surprise, in the next year. */
export function lookAhead(jobs: readonly JobToCome[], now: EpochMs): Problem[] {
  return [...clockChanges(jobs, now), ...collisions(jobs, now)];
}

type WatchedJob = JobToCome & ClockedJob;

function clockChanges(jobs: readonly JobToCome[], now: EpochMs): Problem[] {
  const watched: WatchedJob[] = jobs.map(({ job, definition }, index) => ({
    job,
    definition,
    index,
    schedule: new Schedule(definition),
  }));
  const affected = affectedTimes(watched, { fromAt: now, toAt: now + YEAR_MS });
  // The first of each job says it; others are the same half a year later.
  const seen = new Set<string>();
  const first = affected.filter(({ job, effect }) => {
    const key = `${job.index} ${effect}`;
    return !seen.has(key) && seen.add(key);
  });
  return first.slice(0, MOST_OF_CLOCKS).map((each) => problemAt(each.job, changeOf(each)));
}

function changeOf({
  job,
  zone,
  at,
  effect,
  localTimes,
  count,
}: AffectedTimes<WatchedJob>): Finding {
  const [local = 0] = localTimes;
  const more = count > 1 ? ` and ${count - 1} more` : "";
  const when = `${formatWallTime(local)}${more} ${zone}`;
  const words = {
    moved: `${when} does not exist, for clocks change: it runs at ${formatLocal(at, zone)} instead.`,
    dropped: `${when} does not exist, for clocks change: it does not run then.`,
    doubled: `${when} comes twice, for clocks change: it runs both times.`,
    "second-pass-skipped": `${when} comes twice, for clocks change: it runs the first time only.`,
  } as const;
  return {
    code: "CLOCK_CHANGE",
    severity: "warning",
    message: `${job.job.id}: ${words[effect]}`,
  };
}

function collisions(jobs: readonly JobToCome[], now: EpochMs): Problem[] {
  const minutes = new Map<number, JobToCome[]>();
  for (const each of jobs) {
    // Its starts are spread already.
    if (each.definition.jitter) continue;
    for (const at of startsInADay(each.definition, now)) {
      const minute = Math.floor(at / 60_000);
      const there = minutes.get(minute) ?? [];
      if (there.at(-1) !== each) there.push(each);
      minutes.set(minute, there);
    }
  }
  const worst = [...minutes]
    .filter(([, there]) => there.length > FEW)
    .toSorted(([one, a], [other, b]) => b.length - a.length || one - other);
  const told: Problem[] = [];
  const seen = new Set<string>();
  for (const [minute, there] of worst) {
    const names = there.map(({ job }) => job.id);
    if (told.length === MOST_MINUTES || names.every((name) => seen.has(name))) continue;
    for (const name of names) seen.add(name);
    told.push(together(there, minute * 60_000));
  }
  return told;
}

function together(there: readonly JobToCome[], at: EpochMs): Problem {
  const [first] = there;
  const names = there.slice(0, MOST_NAMED).map(({ job }) => job.id);
  const more = there.length > MOST_NAMED ? ", …" : "";
  const time = new Date(at).toISOString().slice(11, 16);
  return problemAt(first as JobToCome, {
    code: "COLLISION",
    severity: "warning",
    message: `${there.length} jobs start at ${time} UTC: ${names.join(", ")}${more}.`,
    hint: "Spread them, by other minutes or by jitter.",
  });
}

/** When it starts within a day; nothing of one that runs often. */
function startsInADay(definition: JobDefinition, now: EpochMs): EpochMs[] {
  const schedule = new Schedule(definition);
  const starts: EpochMs[] = [];
  let next = schedule.next(now);
  while (next && next.fireAt <= now + DAY_MS) {
    starts.push(next.fireAt);
    if (starts.length > SELDOM) return [];
    next = schedule.next(next.fireAt);
  }
  return starts;
}

function problemAt({ job: { file, line, column } }: JobToCome, finding: Finding): Problem {
  const { code, message, hint, severity = "error" } = finding;
  const place = { file, line, column, endColumn: column + 1 };
  return { ...place, severity, code, message, ...(hint === undefined ? {} : { hint }) };
}
