import { iso } from "../core/iso.ts";
import { z } from "zod";
import { CronduitError, JobLookupError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import type { Engine } from "../engine/port/engine.ts";
import type { Actor } from "../jobs/actor.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { fireTimeOption } from "../jobs/fire-time-option.ts";
import { parseOptions, revisionSchema } from "../jobs/options.ts";
import { MAX_REASON, plainTextSchema } from "../jobs/plain-text.ts";
import { NO_TIME, type Occurrence, Schedule } from "../jobs/schedule.ts";
import type { SkipOutcome } from "../jobs/skip-requests.ts";
import { MAX_SKIPS } from "../jobs/stored-skip.ts";
import { type IfRevision, requireRevision } from "./if-revision.ts";

/** How an occurrence is skipped. */
export interface SkipOptions extends IfRevision {
  /** Kept with the skip and the verdict; up to 500 characters. */
  reason?: string | undefined;
}

const unskipSchema = z.strictObject({ ifRevision: revisionSchema.optional() });
const skipSchema = unskipSchema.extend({
  reason: plainTextSchema(1, MAX_REASON).optional(),
});

/** How often a skip is asked for again after somebody else changed the job. */
const MAX_TRIES = 50;

/** An occurrence as a caller names it. */
export interface NamedOccurrence {
  /** The public method, for errors. */
  readonly where: string;
  readonly jobId: string;
  /** Its fire time; without an offset, in the job's zone. */
  readonly time: unknown;
  readonly by: Actor;
}

/**
 * Skips one occurrence.
 * @throws {@link JobLookupError}; {@link CronduitError} `INVALID_OPTION`, `INVALID_STATE`, `OCCURRENCE_DECIDED`
 */
export async function skipOccurrence(
  engine: Pick<Engine, "jobs">,
  named: NamedOccurrence,
  how: unknown,
): Promise<void> {
  const options = how === undefined || typeof how === "object" ? (how ?? {}) : { reason: how };
  await ask(engine, named, parseOptions(skipSchema, options, named.where));
}

/**
 * Takes a skip back; without one nothing changes.
 * @throws As {@link skipOccurrence}
 */
export async function unskipOccurrence(
  engine: Pick<Engine, "jobs">,
  named: NamedOccurrence,
  options?: unknown,
): Promise<void> {
  const { ifRevision } = parseOptions(unskipSchema, options ?? {}, named.where);
  await ask(engine, named, { isUndone: true, ifRevision });
}

async function ask(
  engine: Pick<Engine, "jobs">,
  named: NamedOccurrence,
  { ifRevision, reason, isUndone }: z.output<typeof skipSchema> & { readonly isUndone?: boolean },
): Promise<void> {
  const { jobId, by } = named;
  const how = { ...(reason !== undefined && { reason }), ...(isUndone && { isUndone }) };
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const [job] = await engine.jobs.get([jobId]);
    if (!job) throw new JobLookupError(jobId);
    requireRevision(job, ifRevision);
    const occurrence = occurrenceOf(job, named);
    const request = { jobId, expectedRevision: job.revision, ...occurrence, by, ...how };
    const outcome = await engine.jobs.changeSkip(request);
    if (outcome === "changed" || outcome === "same") return;
    if (outcome !== "conflict") throw refusalOf(outcome, named, occurrence);
  }
  throw refusalOf("conflict", named, undefined);
}

/** @throws {@link CronduitError} if the time is no fire time of the job */
function occurrenceOf(
  { definition }: StoredJob,
  { where, time, jobId }: NamedOccurrence,
): Occurrence {
  if (definition.trigger.kind === "manual") {
    throw new CronduitError(
      "INVALID_STATE",
      `${where}: job "${jobId}" has no schedule and runs only on request, so it has no occurrence to skip.`,
      { data: { jobId } },
    );
  }
  const { timezone } = definition;
  const { at, isInGap } = fireTimeOption(time, { where, path: "time", timezone }, definition);
  const schedule = new Schedule(definition);
  const next = schedule.next(at - 1);
  if (!isInGap && next?.fireAt === at) return next;
  const before = schedule.prev(at);
  const around = [before > NO_TIME ? iso(before) : undefined, next && iso(next.fireAt)];
  const nearest = around.filter((text) => text !== undefined);
  const known = nearest.length === 0 ? "" : `; the nearest: ${nearest.join(" and ")}`;
  const what = isInGap
    ? `the clock of ${timezone} skips ${shown(time)}, and no occurrence of job "${jobId}" was moved from there`
    : `${iso(at)} is no fire time of job "${jobId}"`;
  throw new CronduitError("INVALID_OPTION", `${where}, option "time": ${what}${known}.`, {
    data: { path: "time", jobId, nearest },
  });
}

function refusalOf(
  outcome: Exclude<SkipOutcome, "changed" | "same">,
  { where, jobId }: NamedOccurrence,
  occurrence: Occurrence | undefined,
): CronduitError {
  const time = iso(occurrence?.fireAt ?? 0);
  switch (outcome) {
    case "missing":
      return new JobLookupError(jobId);
    case "running":
      return new CronduitError(
        "OCCURRENCE_DECIDED",
        `${where}: the occurrence ${time} of job "${jobId}" has begun. To end its run, use cancelRun.`,
        { data: { jobId, time, state: "running" } },
      );
    case "decided":
      return new CronduitError(
        "OCCURRENCE_DECIDED",
        `${where}: the occurrence ${time} of job "${jobId}" is decided; explain("${jobId}", "${time}") says what became of it.`,
        { data: { jobId, time, state: "decided" } },
      );
    case "full":
      return new CronduitError(
        "INVALID_STATE",
        `${where}: job "${jobId}" skips ${MAX_SKIPS} occurrences already, the most that it may. Pause it, or give it another schedule.`,
        { data: { jobId, limit: MAX_SKIPS } },
      );
    case "conflict":
      return new CronduitError(
        "INVALID_STATE",
        `Job "${jobId}" is being changed by many others; try again.`,
        { data: { jobId } },
      );
  }
}
