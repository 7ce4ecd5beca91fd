import type { EpochMs } from "../../core/clock.ts";
import type { Difference } from "../../core/difference.ts";
import type { Actor } from "../../jobs/actor.ts";
import type { JobDefinition, StoredJob } from "../../jobs/definition.ts";
import { declaredDefinition, OVERRIDE_PARTS, type OverridePart } from "../../jobs/overrides.ts";
import { Schedule } from "../../jobs/schedule.ts";
import { keepSchedule } from "../../scheduler/change-plan.ts";
import { compareSchedules, type Declaration } from "../../scheduler/declaration.ts";
import { differencesOf } from "../../scheduler/differences.ts";
import type { CheckedJob } from "../apply/check-jobs.ts";
import type { SetApplier, SetToApply } from "../apply/set-applier.ts";
import type { Problem } from "../file-problem.ts";
import { dependentsOf } from "./dependents.ts";
import { changesOfRuns, nextTimes, type RunChange } from "./run-changes.ts";

/** Jobs that are told one by one. */
const MOST_TOLD = 1_000;
const WEEK_MS = 7 * 86_400_000;

/** When a job runs, in words. */
export interface ScheduleInWords {
  readonly schedule: string;
  readonly timezone: string;
}

/** An override of a job that stays, whatever the files say. */
export interface OverrideInForce {
  readonly part: OverridePart;
  readonly by: Actor;
  readonly until: EpochMs | null;
}

/** What a set would do to a job. */
export interface JobDiff {
  readonly kind: "added" | "changed" | "removed";
  readonly jobId: string;
  /** Where it is declared; of one that goes, where it was. */
  readonly file: string | null;
  readonly line: number | null;
  readonly before: ScheduleInWords | null;
  readonly after: ScheduleInWords | null;
  readonly runs: readonly RunChange[];
  /** What else becomes otherwise. Secrets are masked. */
  readonly fields: readonly Difference[];
  readonly overrides: readonly OverrideInForce[];
  /** Of one that goes: how often it ran, when it last succeeded, and what its absence stops. */
  readonly silenced: {
    readonly runsInAWeek: number;
    readonly lastSuccessAt: EpochMs | null;
    readonly waitedForBy: readonly string[];
  } | null;
  /** Whether somebody should look twice: other jobs wait for one that goes. */
  readonly needsCare: boolean;
}

/** What a set would do. */
export interface SetDiff {
  /** Whether it can be applied; else nothing else is told than the problems. */
  readonly isValid: boolean;
  readonly problems: readonly Problem[];
  readonly jobs: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly needCare: number;
  /** Up to 1,000 of them. */
  readonly changes: readonly JobDiff[];
}

/** Compares a set with what is stored. @param count How many next runs are compared. */
export async function diffSet(
  applier: SetApplier,
  set: Pick<SetToApply, "jobs" | "prune">,
  count: number,
): Promise<SetDiff> {
  const preview = await applier.preview(set);
  const { engine } = applier;
  const now = await engine.now();
  const { added, changed } = preview.changes;
  const removed = set.prune ? preview.removed : [];
  const head = {
    problems: preview.problems,
    jobs: set.jobs.length,
    added: added.length,
    changed: changed.length,
    removed: removed.length,
  };
  if (preview.problems.some(({ severity }) => severity === "error"))
    return { ...head, isValid: false, needCare: 0, changes: [] };
  const ids = new Set(removed.map(({ id }) => id));
  const waiting =
    ids.size === 0 ? new Map<string, string[]>() : await dependentsOf(engine, ids, ids);
  const changes = preview.jobs.slice(0, MOST_TOLD).map((job) => diffOf(job, now, count));
  for (let at = 0; at < removed.length && changes.length < MOST_TOLD; at += 100) {
    const page = removed.slice(at, at + 100);
    const stored = await engine.jobs.get(page.map(({ id }) => id));
    const success = await applier.lastSuccesses(stored.flatMap((job) => (job ? [job] : [])));
    for (const [i, { id, file = null, line = null }] of page.entries()) {
      const place = { jobId: id, file, line };
      const waitedForBy = waiting.get(id) ?? [];
      changes.push(removalOf(place, stored[i], { now, count, success, waitedForBy }));
    }
  }
  const inOrder = changes.toSorted((a, b) => orderOf(a) - orderOf(b));
  const needCare = changes.filter(({ needsCare }) => needsCare).length;
  return { ...head, isValid: true, needCare, changes: inOrder };
}

const ORDER = { changed: 0, added: 1, removed: 2 } as const;

function orderOf({ kind }: JobDiff): number {
  return ORDER[kind];
}

function diffOf({ job, declaration, stored }: CheckedJob, now: EpochMs, count: number): JobDiff {
  const place = { jobId: job.id, file: job.file, line: job.line };
  const after = inEffect(declaration, stored);
  const times = nextTimes(after, now, count);
  const old = stored && declaredDefinition(stored.definition);
  const before = old ? nextTimes(old, now, count) : [];
  const { timezone } = after;
  return {
    kind: stored ? "changed" : "added",
    ...place,
    before: old ? wordsOf(old) : null,
    after: wordsOf(after),
    runs: old
      ? changesOfRuns(before, times, { count, timezone })
      : times.map((at) => ({ kind: "added", at })),
    fields: stored ? differencesOf(stored.definition, declaration) : [],
    overrides: overridesOf(stored),
    silenced: null,
    needsCare: false,
  };
}

/** What the job will be below its overrides: a schedule that is declared as before goes on as it is. */
function inEffect({ definition }: Declaration, stored: StoredJob | undefined): JobDefinition {
  if (!stored) return definition;
  const old = declaredDefinition(stored.definition);
  return compareSchedules(old, definition).isSame ? keepSchedule(old, definition) : definition;
}

function removalOf(
  place: Pick<JobDiff, "file" | "jobId" | "line">,
  stored: StoredJob | undefined,
  {
    now,
    count,
    success,
    waitedForBy,
  }: {
    readonly now: EpochMs;
    readonly count: number;
    readonly success: ReadonlyMap<string, EpochMs>;
    readonly waitedForBy: readonly string[];
  },
): JobDiff {
  const times = stored ? nextTimes(stored.definition, now, count) : [];
  return {
    kind: "removed",
    ...place,
    before: stored ? wordsOf(stored.definition) : null,
    after: null,
    runs: times.map((at) => ({ kind: "removed", at })),
    fields: [],
    overrides: overridesOf(stored),
    silenced: {
      runsInAWeek: stored
        ? (new Schedule(stored.definition).span(now, now + WEEK_MS)?.count ?? 0)
        : 0,
      lastSuccessAt: success.get(place.jobId) ?? null,
      waitedForBy,
    },
    needsCare: waitedForBy.length > 0,
  };
}

function wordsOf(definition: JobDefinition): ScheduleInWords {
  return { schedule: new Schedule(definition).trigger.describe(), timezone: definition.timezone };
}

function overridesOf(stored: StoredJob | undefined): OverrideInForce[] {
  const overrides = stored?.definition.overrides ?? {};
  return OVERRIDE_PARTS.flatMap((part) => {
    const mark = overrides[part];
    return mark ? [{ part, by: mark.by, until: mark.until ?? null }] : [];
  });
}
