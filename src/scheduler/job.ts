import type { JobState, Policy, Retention, StoredJob } from "../jobs/definition.ts";
import type { Actor } from "../jobs/actor.ts";
import { secretPlacesOf } from "../pipeline/secrets/secret-places.ts";
import type { PipelineRegistry } from "../pipeline/registry.ts";
import { queueOf } from "../jobs/queue.ts";
import { type Occurrence, Schedule } from "../jobs/schedule.ts";
import type { LastScheduledRun } from "../jobs/ledger-row.ts";
import type { Verdict } from "../jobs/verdict.ts";
import type { CalendarSpec } from "../triggers/calendars/calendar-spec.ts";
import type { Jitter } from "../triggers/jitter.ts";
import { kindOfSpec, type ScheduleKind } from "../triggers/schedule-kind.ts";
import type { TriggerSpec } from "../triggers/spec.ts";
import {
  type DeclaredJob,
  type JobOverrideParts,
  overridesOf,
  shownParams,
} from "./job-overrides.ts";

/** An ended run in brief; `getRun` has the rest. */
export interface LastRunInShort {
  readonly id: string;
  readonly verdict: Verdict;
  /** Its nominal time; for a run by `runJob`, the time of the request. */
  readonly fireTime: Date;
  readonly finishedAt: Date;
}

/** An occurrence to come that is skipped on request. */
export interface SkippedOccurrence {
  /** Its nominal time. */
  readonly fireTime: Date;
  readonly reason: string | undefined;
  /** Who asked for it. */
  readonly by: Actor;
  readonly requestedAt: Date;
}

/** The fields of a scheduled job at the time it was read. */
export interface JobSnapshot {
  readonly id: string;
  /** The name of its pipeline. */
  readonly pipeline: string;
  /** The queue whose workers run it. */
  readonly queue: string;
  readonly description: string | undefined;
  /** Whose job it is; `undefined`: nobody's but the administrators'. */
  readonly owner: string | undefined;
  /** Through what it was declared: `code`, `api`, or `file:` with the file's name. */
  readonly source: string;
  readonly tags: readonly string[];
  /** As given to `addJob`; fields marked `.meta({ secret: true })` are masked. */
  readonly params: unknown;
  readonly state: JobState;
  /**
   * Nominal time of the next occurrence that is not skipped; `null` if the job is paused, finished or manual. With jitter it may have
   * passed already: the occurrence starts at `nextDueTime`.
   */
  readonly nextRunTime: Date | null;
  /** When the next occurrence starts: `nextRunTime` plus jitter; `null` if that is `null`. */
  readonly nextDueTime: Date | null;
  readonly timezone: string;
  /** The complete trigger as plain JSON. */
  readonly trigger: TriggerSpec;
  /**
   * The kind of schedule, however it was written: `daily`, `weekly` and `monthly` at fixed times of day, `interval`,
   * `once`, `manual` (runs only on request), else `custom`.
   */
  readonly scheduleKind: ScheduleKind;
  /** The schedule in words. */
  readonly schedule: string;
  /** How far its runs are spread; `null`: not at all. */
  readonly jitter: Jitter | null;
  /** The named calendars that the trigger refers to, as they were when the job was declared; absent if there are none. */
  readonly calendars?: Readonly<Record<string, CalendarSpec>>;
  readonly policy: Policy;
  readonly retention: Retention;
  readonly pausedAt: Date | null;
  readonly pausedReason: string | null;
  /** When the pause ends by itself; `null`: when somebody resumes the job. */
  readonly pausedUntil: Date | null;
  /** Runs that hold an instance at this moment. */
  readonly running: number;
  /** How many occurrences got each verdict since the job was added. */
  readonly counts: Readonly<Partial<Record<Verdict, number>>>;
  /** The run that ended last, whether started by the schedule, `runJob` or a backfill; `null` if there is none. */
  readonly lastRun: LastRunInShort | null;
  /** The last run to end among those started by the schedule; `null` if there is none. */
  readonly lastScheduledRun: LastRunInShort | null;
  readonly createdAt: Date;
  /** Increases with every change. */
  readonly revision: number;
  /** Occurrences to come that `skipOccurrence` skips, in their order. */
  readonly skips: readonly SkippedOccurrence[];
  /** Whether `overrideJob` may override it. */
  readonly isLockable: boolean;
  /** What somebody overrides; the fields above are what is in effect. Absent: nothing is. */
  readonly overrides?: JobOverrideParts;
  /** What is declared below the overrides. Absent without any: then the fields above are that. */
  readonly declared?: DeclaredJob;
}

function date(at: number | null): Date | null {
  return at === null ? null : new Date(at);
}

function inShort(run: LastScheduledRun | null): LastRunInShort | null {
  if (!run) return null;
  const { id, verdict, fireAt, finishedAt } = run;
  return { id, verdict, fireTime: new Date(fireAt), finishedAt: new Date(finishedAt) };
}

/** The next occurrence of an active job that is not skipped. */
export function nextRunOf(
  job: Pick<StoredJob, "definition" | "state" | "nextFireAt" | "nextDueAt" | "skips">,
): Occurrence | undefined {
  const { definition, state, nextFireAt: fireAt, nextDueAt: dueAt, skips } = job;
  if (state !== "active" || fireAt === null || dueAt === null) return undefined;
  if (skips.length === 0) return { fireAt, dueAt };
  const skipped = skips.map((skip) => skip.fireAt);
  return new Schedule(definition, skipped).nextRun(fireAt - 1);
}

/**
 * A stored job in its public form.
 * @param known Registered pipelines; a schema may mark secrets that weren't marked when the job was added.
 */
export function toJob(stored: StoredJob, known?: PipelineRegistry): JobSnapshot {
  const { definition } = stored;
  const next = nextRunOf(stored);
  const marked = secretPlacesOf(known?.get(definition.pipeline)?.params).input;
  return {
    id: definition.id,
    pipeline: definition.pipeline,
    queue: queueOf(definition),
    description: definition.description,
    owner: definition.owner,
    source: definition.source ?? "code",
    tags: definition.tags,
    params: shownParams(definition, marked),
    state: stored.state,
    nextRunTime: date(next?.fireAt ?? null),
    nextDueTime: date(next?.dueAt ?? null),
    timezone: definition.timezone,
    trigger: definition.trigger,
    scheduleKind: kindOfSpec(definition.trigger),
    schedule: new Schedule(definition).trigger.describe(),
    jitter: definition.jitter,
    ...(definition.calendars === undefined ? {} : { calendars: definition.calendars }),
    policy: definition.policy,
    retention: definition.retention,
    pausedAt: date(stored.pausedAt),
    // Without a reason of its own, an override hides that of the pause below.
    pausedReason: stored.pausedReason || null,
    pausedUntil: date(stored.pausedUntil),
    running: stored.running,
    counts: stored.counts,
    lastRun: inShort(stored.lastRun),
    lastScheduledRun: inShort(stored.lastScheduledRun),
    createdAt: new Date(definition.createdAt),
    revision: stored.revision,
    skips: stored.skips.map(({ fireAt, reason, by, at }) => ({
      fireTime: new Date(fireAt),
      reason,
      by,
      requestedAt: new Date(at),
    })),
    isLockable: definition.lockable ?? true,
    ...overridesOf(stored, marked),
  };
}
