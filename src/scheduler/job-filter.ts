import { z } from "zod";
import type { JobState } from "../jobs/definition.ts";
import type { JobFilter, LastVerdict } from "../jobs/job-list.ts";
import { queueNameSchema } from "../jobs/queue.ts";

/** Owners, states and so on that a filter may name. */
const MOST = 100;

function oneOrMore<T extends z.ZodType>(each: T) {
  return z.union([each, z.array(each).min(1).max(MOST)]);
}

const wordSchema = z.string().min(1).max(256);

/** Schema of {@link JobFilterOptions}. */
export const jobFilterShape = {
  owner: oneOrMore(wordSchema).optional(),
  source: oneOrMore(wordSchema).optional(),
  state: oneOrMore(z.enum(["active", "paused", "finished"])).optional(),
  lastVerdict: oneOrMore(z.enum(["succeeded", "failed", "cancelled", "none"])).optional(),
  pipeline: z.string().max(200).optional(),
  queue: queueNameSchema.optional(),
  tag: z.string().max(64).optional(),
  text: z.string().min(1).max(200).optional(),
} as const;

/** What jobs must be like; all of it, and of a list one. */
export interface JobFilterOptions {
  /** Only jobs of this owner, or of one of these. @default all */
  owner?: string | string[] | undefined;
  /** Only jobs that were declared so: `"code"`, `"api"`, `"file:<name>"`. @default all */
  source?: string | string[] | undefined;
  /** Only jobs in this state, or in one of these. @default all */
  state?: JobState | JobState[] | undefined;
  /** Only jobs whose last run ended so; `"none"`: none has ended yet. @default all */
  lastVerdict?: LastVerdict | LastVerdict[] | undefined;
  /** Only jobs of this pipeline, by name. @default all */
  pipeline?: string | undefined;
  /** Only jobs on this queue. @default all */
  queue?: string | undefined;
  /** Only jobs with this tag. @default all */
  tag?: string | undefined;
  /** Only jobs whose id, pipeline or description contains this; case does not matter. @default all */
  text?: string | undefined;
}

/** Filter options as they were checked. */
export type CheckedFilter = z.output<z.ZodObject<typeof jobFilterShape>>;

/** The filter that an engine takes. */
export function toFilter(given: CheckedFilter): JobFilter {
  const { owner, source, state, lastVerdict, pipeline, queue, tag, text } = given;
  return {
    ...(owner === undefined ? {} : { owners: [owner].flat() }),
    ...(source === undefined ? {} : { sources: [source].flat() }),
    ...(state === undefined ? {} : { states: [state].flat() }),
    ...(lastVerdict === undefined ? {} : { lastVerdicts: [lastVerdict].flat() }),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(queue === undefined ? {} : { queue }),
    ...(tag === undefined ? {} : { tag }),
    ...(text === undefined ? {} : { text: text.toLowerCase() }),
  };
}
