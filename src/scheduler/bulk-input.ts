import { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import { MAX_REASON, plainTextSchema } from "../jobs/plain-text.ts";
import { jobIdSchema, parseOptions } from "../jobs/options.ts";
import { type JobFilterOptions, jobFilterShape } from "./job-filter.ts";

/** Ids that one call may name. */
const MAX_IDS = 10_000;

const filterSchema = z.strictObject({
  ...jobFilterShape,
  ids: z.array(jobIdSchema).min(1).max(MAX_IDS).optional(),
  all: z.literal(true).optional(),
});

const optionsShape = {
  dryRun: z.boolean().default(false),
  bulkId: z.string().min(1).max(64).optional(),
} as const;

/** Schemas of the options of each call. */
export const bulkOptionsSchemas = {
  pauseJobs: z.strictObject({
    ...optionsShape,
    reason: plainTextSchema(0, MAX_REASON).optional(),
    until: z.unknown().optional(),
  }),
  resumeJobs: z.strictObject({
    ...optionsShape,
    missed: z.enum(["skip", "latest", "all"]).default("skip"),
  }),
  runJobs: z.strictObject({ ...optionsShape, ignoreCondition: z.boolean().default(false) }),
  removeJobs: z.strictObject(optionsShape),
} as const;

/** The name of a call that changes many jobs. */
export type BulkMethod = keyof typeof bulkOptionsSchemas;

/** Which jobs a call changes: those that fit all that is given. Something must be given. */
export interface BulkFilter extends JobFilterOptions {
  /** Only these jobs, 1 to 10,000 ids. @default all */
  ids?: string[] | undefined;
  /** Every job: must be said, and alone. @default none */
  all?: true | undefined;
}

/** Options of a call that changes many jobs. */
export interface BulkOptions {
  /** Change nothing, and tell exactly what the call would do now. @default false */
  dryRun?: boolean | undefined;
  /**
   * Names the call, 1 to 64 characters. Repeat a call that did not come to its end with the `bulkId` that it had: no job is run
   * twice by it, within a day. @default a random one
   */
  bulkId?: string | undefined;
}

/** A filter as it was checked. */
export type CheckedBulkFilter = z.output<typeof filterSchema>;

/** @throws {@link CronduitError} `INVALID_OPTION`, also if nothing is given: a forgotten value must not mean every job. */
export function parseBulkFilter(filter: unknown, method: BulkMethod): CheckedBulkFilter {
  const checked = parseOptions(filterSchema, filter, method);
  const given = Object.entries(checked).flatMap(([name, value]) =>
    value === undefined ? [] : name,
  );
  if (given.length === 0)
    throw refused(
      method,
      "no filter is given, and that would be every job. Write { all: true } if you mean that.",
    );
  if (checked.all && given.length > 1) {
    const others = given.filter((name) => name !== "all").join(", ");
    throw refused(
      method,
      `all means every job, and ${others} some of them. Leave one of both out.`,
    );
  }
  return checked;
}

function refused(method: BulkMethod, problem: string): CronduitError {
  return new CronduitError("INVALID_OPTION", `${method}: ${problem}`, { data: { path: "all" } });
}
