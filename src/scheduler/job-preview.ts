import { z } from "zod";
import type { EpochMs } from "../core/clock.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { instantOption } from "../jobs/instant-option.ts";
import { parseOptions } from "../jobs/options.ts";
import { previewTimes } from "../jobs/preview-times.ts";
import { checkTimezone } from "../jobs/timezone-option.ts";
import { describePipeline } from "../pipeline/pipeline-definition.ts";
import { Pipeline } from "../pipeline/pipeline.ts";
import type { PreviewRow } from "../triggers/preview.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import type { JobRules, ScheduleChoice } from "./add-job-options.ts";
import { type DeclarationContext, declare, refuseExhausted } from "./declaration.ts";
import { type JobSnapshot, toJob } from "./job.ts";
import { pastDateNote } from "./past-dates.ts";

const querySchema = z.strictObject({
  from: z.unknown().optional(),
  count: z.int().min(0).max(1_000).default(10),
  timezone: z.string().min(1).max(64).optional(),
});

/** What to preview: options as for `addJob`, but for the params. */
export type JobToPreview = JobRules & ScheduleChoice;

/** How to preview a job. */
export interface JobPreviewQuery {
  /** As if it were added at this instant. @default now */
  from?: InstantInput | undefined;
  /** How many fire times, 0 to 1,000. @default 10 */
  count?: number | undefined;
  /** The zone of a schedule that names none. @default the scheduler's */
  timezone?: string | undefined;
}

/** A job that was not added. */
export interface JobPreview {
  /** As `addJob` would have returned it. */
  readonly job: JobSnapshot;
  /** The next fire times of its schedule, and those that a change of the clock or a calendar drops. */
  readonly next: readonly PreviewRow[];
  /** What may surprise, in words; the same as `addJob` logs. */
  readonly warnings: readonly string[];
}

/** Stands for the pipeline: nothing is executed. */
class NotExecuted extends Pipeline {
  run(): never {
    throw new Error("a preview executes nothing");
  }
}

/** Reads a job as `addJob` would, without storing it. @throws as `addJob` */
export async function previewJob(
  options: JobToPreview,
  input: JobPreviewQuery,
  context: DeclarationContext,
): Promise<JobPreview> {
  const query = parseOptions(querySchema, input, "previewJob");
  const timezone = query.timezone ?? context.timezone;
  checkTimezone(timezone, "previewJob");
  const place = { where: "previewJob", path: "from", timezone };
  const now = query.from === undefined ? context.now : instantOption(query.from, place);
  // How and with what it is executed does not matter.
  const descriptor = {
    ...describePipeline(NotExecuted),
    name: "preview",
    source: { module: "none" },
  };
  const declaration = await declare(descriptor, options, { ...context, timezone, now });
  if (declaration.isOver) refuseExhausted(declaration);
  const { definition } = declaration;
  const note = pastDateNote(definition, now);
  return {
    job: toJob(notStored(declaration)),
    next: query.count === 0 ? [] : rowsOf(declaration, now, query.count),
    warnings: note === undefined ? [] : [note],
  };
}

type Declared = Awaited<ReturnType<typeof declare>>;

function rowsOf({ definition, watermark }: Declared, now: EpochMs, count: number): PreviewRow[] {
  // A date in the past is due, too.
  return previewTimes(definition, { from: new Date(Math.max(0, Math.min(now, watermark))), count });
}

function notStored({ definition, state, watermark, upcoming }: Declared): StoredJob {
  const next = state === "active" ? upcoming[0] : undefined;
  return {
    definition,
    state,
    watermark,
    nextFireAt: next?.fireAt ?? null,
    nextDueAt: next?.dueAt ?? null,
    revision: 0,
    generation: 0,
    pausedAt: null,
    pausedReason: null,
    pausedUntil: null,
    running: 0,
    counts: {},
    lastRun: null,
    lastScheduledRun: null,
    skips: [],
    handedOver: null,
  };
}
