import { iso } from "../core/iso.ts";
import { z } from "zod";
import type { EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { counted } from "../core/counted.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { instantOption } from "../jobs/instant-option.ts";
import { MAX_REASON, plainTextSchema } from "../jobs/plain-text.ts";
import { parseOptions, revisionSchema } from "../jobs/options.ts";
import { type Occurrence, Schedule } from "../jobs/schedule.ts";
import { untilOption } from "../jobs/until-option.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import { type ChangePlan, keptSkips, settledAt, undecided } from "./change-plan.ts";
import type { IfRevision } from "./if-revision.ts";

/** Fire times that `resumeJob` takes as a list, and `getPausedOccurrences` gives at once. */
const MAX_LISTED = 1_000;

/** How a job is paused. */
export interface PauseOptions extends IfRevision {
  /** Kept with the job; up to 500 characters. */
  reason?: string | undefined;
  /**
   * When the pause ends by itself: a time (without an offset, in the job's zone), or how long from now, as seconds or text such
   * as `"2h"`. An occurrence of exactly that time runs. @default when somebody resumes the job
   */
  until?: InstantInput | number | undefined;
}

/** How a job is resumed. */
export interface ResumeOptions extends IfRevision {
  /**
   * What becomes of the occurrences that fell into the pause: none runs (`skip`), the latest, `all` of them (at most
   * `maxCatchUp`), or those with these fire times (at most 1,000; without an offset, in the job's zone). @default "skip"
   */
  missed?: "skip" | "latest" | "all" | readonly InstantInput[] | undefined;
}

/** The occurrences that fell into a pause so far. */
export interface PausedOccurrences {
  /** How many there are, without those that are skipped on request. */
  readonly count: number;
  /** The fire times of the first of them. */
  readonly fireTimes: readonly Date[];
}

const pauseSchema = z.strictObject({
  reason: plainTextSchema(0, MAX_REASON).optional(),
  until: z.unknown().optional(),
  ifRevision: revisionSchema.optional(),
});
const resumeSchema = z.strictObject({
  missed: z
    .union([z.enum(["skip", "latest", "all"]), z.array(z.unknown()).min(1).max(MAX_LISTED)])
    .default("skip"),
  ifRevision: revisionSchema.optional(),
});
const listSchema = z.strictObject({ limit: z.int().min(1).max(MAX_LISTED).default(100) });

/** {@link PauseOptions} as given, checked but for the time zone. */
export type PauseInput = z.output<typeof pauseSchema>;
/** {@link ResumeOptions} as given, checked but for the times. */
export type ResumeInput = z.output<typeof resumeSchema>;

/** Reads what `pauseJob` got: a reason, or options. @throws {@link CronduitError} `INVALID_OPTION` */
export function readPause(input: unknown): PauseInput {
  if (input === undefined) return {};
  return parseOptions(
    pauseSchema,
    typeof input === "string" ? { reason: input } : input,
    "pauseJob",
  );
}

/** Reads what `resumeJob` got. @throws {@link CronduitError} `INVALID_OPTION` */
export function readResume(input: unknown): ResumeInput {
  return parseOptions(resumeSchema, input ?? {}, "resumeJob");
}

/** Reads the options of `getPausedOccurrences`. @throws {@link CronduitError} `INVALID_OPTION` */
export function readLimit(input: unknown): number {
  return parseOptions(listSchema, input ?? {}, "getPausedOccurrences").limit;
}

/** How a job is paused, read for it. */
export interface Pause {
  readonly reason?: string | undefined;
  /** When it ends by itself. */
  readonly until?: EpochMs | null | undefined;
}

/** Reads the end of a pause. @throws {@link CronduitError} `INVALID_OPTION` */
export function readUntil(
  { definition: { timezone } }: StoredJob,
  now: number,
  until: unknown,
  where: string,
): EpochMs | null {
  if (until === undefined) return null;
  return untilOption(until, { where, path: "until", timezone, now, bounds: "pauseJob.until" });
}

/** Pauses a job. One that is already paused keeps the time of its pause and takes the new reason and the new end. */
export function pausePlan(job: StoredJob, now: number, { reason, until }: Pause): ChangePlan {
  if (job.state === "finished") throw finished(job, "paused");
  const settled = job.state === "paused" ? job.watermark : settledAt(job, now);
  const pausedUntil = until ?? null;
  return {
    schedule: {
      state: "paused",
      watermark: settled,
      upcoming: [],
      expectedWatermark: job.watermark,
    },
    pausedReason: reason ?? null,
    pausedUntil,
    skipped: job.state === "paused" ? [] : undecided(job, settled, "paused"),
    ...keptSkips(job, settled, new Schedule(job.definition)),
    event: {
      name: "JOB_PAUSED",
      at: now,
      jobId: job.definition.id,
      ...(reason === undefined ? {} : { reason }),
      ...(pausedUntil === null ? {} : { until: pausedUntil }),
    },
  };
}

/** Resumes a job from now on. Occurrences that fell into the pause don't run, but for those that `missed` names. */
export function resumePlan(
  job: StoredJob,
  now: number,
  { missed }: ResumeInput,
): ChangePlan | undefined {
  if (job.state === "active") return undefined;
  if (job.state === "finished") throw finished(job, "resumed");
  const upTo = settledAt(job, now);
  const runs = chosen(job, upTo, missed).map(({ fireAt }) => ({ fireAt, dueAt: now }));
  return {
    ...ended(job, upTo, runs),
    event: { name: "JOB_RESUMED", at: now, jobId: job.definition.id },
  };
}

/**
 * Ends a pause that ends by itself, as of that time: what was due before is skipped, and what is due since then is due.
 * @returns `undefined` if it has not come
 */
export function endPausePlan(job: StoredJob, now: number): ChangePlan | undefined {
  const { state, pausedUntil, definition } = job;
  if (state !== "paused" || pausedUntil === null || pausedUntil > now) return undefined;
  return {
    ...ended(job, settledAt(job, pausedUntil - 1), []),
    asOf: pausedUntil - 1,
    event: { name: "JOB_RESUMED", at: now, jobId: definition.id },
  };
}

/** The change that ends a pause with all up to a nominal time decided. @param runs Those that run after all. */
function ended(
  job: StoredJob,
  watermark: number,
  runs: readonly Occurrence[],
): Omit<ChangePlan, "event"> {
  const schedule = new Schedule(job.definition);
  const upcoming = schedule.ahead(watermark);
  const isOver = schedule.isOver(upcoming);
  const isPassedDate = job.definition.trigger.kind === "date" && isOver;
  const skipped = undecided(job, watermark, "paused", runs);
  return {
    schedule: {
      state: isOver ? "finished" : "active",
      watermark,
      upcoming,
      expectedWatermark: job.watermark,
    },
    skipped: isPassedDate
      ? skipped.map((span) => ({ ...span, verdict: "missed", reason: undefined }))
      : skipped,
    ...(runs.length === 0 ? {} : { runs }),
    ...keptSkips(job, watermark, schedule),
  };
}

/** Which occurrences that fell into the pause run after all, in their order. */
function chosen(job: StoredJob, upTo: number, missed: ResumeInput["missed"]): Occurrence[] {
  const schedule = scheduleOf(job);
  if (missed === "skip") return [];
  const span = schedule.span(job.watermark, upTo);
  if (missed === "latest") return span ? [{ fireAt: span.toAt, dueAt: span.toAt }] : [];
  if (missed === "all") {
    refuseTooMany(job, span?.count ?? 0);
    return listed(schedule, job.watermark, upTo, span?.count ?? 0);
  }
  const { timezone } = job.definition;
  const times = missed.map((time, i) => {
    const place = { where: "resumeJob", path: `missed[${i}]`, timezone };
    const at = instantOption(time, place);
    if (schedule.nextRun(at - 1)?.fireAt !== at || at <= job.watermark || at > upTo)
      throw notPaused(job, place.path, at);
    return at;
  });
  const unique = [...new Set(times)].toSorted((a, b) => a - b);
  return unique.map((fireAt) => ({ fireAt, dueAt: fireAt }));
}

function refuseTooMany({ definition }: StoredJob, count: number): void {
  const { id: jobId, policy } = definition;
  if (count <= policy.maxCatchUp) return;
  throw new CronduitError(
    "INVALID_OPTION",
    `resumeJob, option "missed": ${counted(count, "occurrence")} of job "${jobId}" fell into the pause, more than its maxCatchUp (${policy.maxCatchUp}) lets run. Name those that are to run, or use "latest"; resume it with "skip" and run the rest by backfill.`,
    { data: { path: "missed", jobId, count, limit: policy.maxCatchUp } },
  );
}

function notPaused({ definition, watermark }: StoredJob, path: string, at: number): CronduitError {
  const { id: jobId } = definition;
  return new CronduitError(
    "INVALID_OPTION",
    `resumeJob, option "${path}": ${iso(at)} is no fire time of job "${jobId}" that fell into the pause, which began after ${iso(watermark)}. getPausedOccurrences lists them.`,
    { data: { path, jobId } },
  );
}

/** What fell into a job's pause up to an instant; nothing if it is not paused. */
export function pausedOccurrences(job: StoredJob, now: number, limit: number): PausedOccurrences {
  if (job.state !== "paused") return { count: 0, fireTimes: [] };
  const schedule = scheduleOf(job);
  const upTo = settledAt(job, now);
  const count = schedule.span(job.watermark, upTo)?.count ?? 0;
  const first = listed(schedule, job.watermark, upTo, limit);
  return { count, fireTimes: first.map(({ fireAt }) => new Date(fireAt)) };
}

function scheduleOf({ definition, skips }: StoredJob): Schedule {
  return new Schedule(
    definition,
    skips.map(({ fireAt }) => fireAt),
  );
}

/** The first occurrences after one and up to another that are not skipped. */
function listed(schedule: Schedule, after: number, upTo: number, limit: number): Occurrence[] {
  const found: Occurrence[] = [];
  let from = after;
  while (found.length < limit) {
    const next = schedule.nextRun(from);
    if (!next || next.fireAt > upTo) break;
    found.push(next);
    from = next.fireAt;
  }
  return found;
}

function finished(job: StoredJob, what: string): CronduitError {
  const { id } = job.definition;
  return new CronduitError(
    "INVALID_STATE",
    `Job "${id}" is finished and can't be ${what}. Give it a new trigger by rescheduleJob, or run it once by runJob.`,
    { data: { jobId: id, state: job.state } },
  );
}
