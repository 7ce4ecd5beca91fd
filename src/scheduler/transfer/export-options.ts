import { z } from "zod";
import type { EpochMs } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import { durationOption } from "../../jobs/duration-option.ts";
import { instantOption } from "../../jobs/instant-option.ts";
import { jobIdSchema } from "../../jobs/options.ts";
import type { InstantInput } from "../../triggers/time/parse-instant.ts";
import { type MaskOptions, maskShape } from "./masking/mask-options.ts";

/** How long running pipelines may take before an export of the fleet gives up. */
const DRAIN_MS = 60_000;

/** Schema of {@link ExportOptions}. */
export const exportOptionsSchema = z
  .strictObject({
    drain: durationOption("exportState.drain").optional(),
    resume: z.boolean().optional(),
    signal: z.instanceof(AbortSignal).meta({ allowed: "an AbortSignal" }).optional(),
    jobs: z.array(jobIdSchema).min(1).max(10_000).readonly().optional(),
    since: z.unknown().optional(),
    logs: z.boolean().default(false),
    ...maskShape,
  })
  .refine(({ mask, maskParams }) => maskParams === undefined || mask?.includes("params") === true, {
    path: ["maskParams"],
    message: 'needs `mask` with "params"',
  })
  .refine(({ mask, maskKey }) => maskKey === undefined || mask !== undefined, {
    path: ["maskKey"],
    message: "needs `mask`",
  })
  .transform(({ drain, resume, since, ...rest }) => ({
    ...rest,
    // What is masked can't be moved: production goes on.
    drain: drain ?? (rest.mask ? 0 : DRAIN_MS),
    resume: resume ?? rest.mask !== undefined,
    since:
      since === undefined
        ? undefined
        : instantOption(since, { where: "exportState", path: "since", timezone: "UTC" }),
  }));

/** Options of `exportState`. */
export interface ExportOptions extends MaskOptions {
  /**
   * How long to wait for running pipelines: seconds, or `"60s"`. Then an export of the fleet gives up; in a fixture, runs
   * that go on are as if their worker had handed them back.
   * @default 60 s; 0 with `mask`
   */
  drain?: number | string;
  /**
   * Resume the fleet after the export, unless it was paused before. For backups: the file lacks whatever happens
   * afterwards. @default false, so that nothing runs both here and at the destination; true with `mask`
   */
  resume?: boolean;
  /** Aborts the export and restores the fleet. @default none */
  signal?: AbortSignal;
  /** Only the jobs of these ids, and those that their conditions ask about; up to 10,000. @default all */
  jobs?: readonly string[];
  /**
   * Only history from this instant on: the ledger, and the steps and logs of finished runs. Without an offset, in UTC.
   * @default all that is kept
   */
  since?: InstantInput;
  /** The logs of runs too. @default false */
  logs?: boolean;
}

/** The options, read. */
export type ExportSettings = z.output<typeof exportOptionsSchema>;

/** What of a state is wanted. */
export interface Selection {
  /** Absent: all jobs. */
  readonly jobIds: ReadonlySet<string> | undefined;
  /** Absent: all history. */
  readonly since: EpochMs | undefined;
  readonly hasLogs: boolean;
}

/** The jobs that a selection names do not all exist. */
export function noSuchJobs(jobIds: readonly string[]): CronduitError {
  const told = jobIds.slice(0, 10).map((id) => `"${id}"`);
  return new CronduitError(
    "JOB_NOT_FOUND",
    `exportState, option "jobs": there is no job ${told.join(", ")}.`,
    { data: { jobIds, path: "jobs" } },
  );
}
