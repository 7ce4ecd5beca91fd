import type { EpochMs } from "../core/clock.ts";
import type { JobDefinition, JobState, StoredJob } from "./definition.ts";
import { queueOf } from "./queue.ts";
import type { Scope } from "./scope.ts";
import type { Verdict } from "./verdict.ts";

/** How a job's last run ended; `none`: none has ended yet. */
export type LastVerdict = Extract<Verdict, "succeeded" | "failed" | "cancelled"> | "none";

/** Which source a job has that was declared in code: its definition names none. */
export const CODE_SOURCE = "code";

/** What jobs must be like; of a list, one is enough. */
export interface JobFilter {
  readonly owners?: readonly string[] | undefined;
  readonly sources?: readonly string[] | undefined;
  readonly states?: readonly JobState[] | undefined;
  readonly lastVerdicts?: readonly LastVerdict[] | undefined;
  readonly pipeline?: string | undefined;
  readonly queue?: string | undefined;
  readonly tag?: string | undefined;
  /** In lower case; in the id, the pipeline's name or the description. */
  readonly text?: string | undefined;
}

/** Where a job stands in a list. By id, only the id counts. */
export interface JobPlace {
  readonly id: string;
  /** When it is due next; `Infinity` if it has no next run. */
  readonly dueAt: EpochMs;
}

/** `next-run`: by the due time, of equal ones by id; jobs without a next run come last. */
export type JobListOrder = "next-run" | "id";

/** Which jobs to list. */
export interface JobListQuery {
  readonly filter: JobFilter;
  readonly order: JobListOrder;
  /** Only jobs behind this place, whether or not a job is there. */
  readonly after?: JobPlace | undefined;
  /** Jobs to find, 1 to 1,000. */
  readonly limit: number;
  /** Jobs to look at, at least 1. */
  readonly mostLooked: number;
}

/** Jobs in their order. */
export interface JobListPage {
  readonly found: readonly JobPlace[];
  /** Every job up to here was looked at; absent if there are no more. */
  readonly next?: JobPlace | undefined;
  readonly looked: number;
}

/** What jobs are counted by. */
export type JobGroup = "state" | "lastVerdict" | "owner";

/** Which jobs to count. */
export interface JobCountQuery {
  readonly filter: JobFilter;
  readonly by?: JobGroup | undefined;
}

/** How many jobs there are. */
export interface JobCounts {
  readonly total: number;
  /** Each group's number; the key of jobs without an owner is empty. */
  readonly groups: ReadonlyMap<string, number>;
}

/**
 * Orders ids by code point, as servers order them by byte. JavaScript itself goes by the halves of surrogate pairs, which
 * would put characters beyond 2^16 before some others.
 */
export function compareIds(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return weightOf(x) - weightOf(y);
  }
  return a.length - b.length;
}

function weightOf(unit: number): number {
  if (unit < 0xd8_00) return unit;
  return unit < 0xe0_00 ? unit + 0x20_00 : unit - 0x8_00;
}

/** Orders the places of jobs. */
export function comparePlaces(order: JobListOrder, a: JobPlace, b: JobPlace): number {
  if (order === "id" || a.dueAt === b.dueAt) return compareIds(a.id, b.id);
  return a.dueAt < b.dueAt ? -1 : 1;
}

/** What a filter looks at in a definition; it never changes what it found. */
export type ListedDefinition = Pick<
  JobDefinition,
  "id" | "pipeline" | "queue" | "description" | "owner" | "source" | "tags"
>;

/** How a job's last run ended. */
export function lastVerdictOf(lastRun: { readonly verdict: Verdict } | null): LastVerdict {
  const verdict = lastRun?.verdict;
  return verdict === "succeeded" || verdict === "failed" || verdict === "cancelled"
    ? verdict
    : "none";
}

/** Whether a stored job is as a filter asks. */
export function fitsFilter(
  {
    definition,
    state,
    lastRun,
  }: Pick<StoredJob, "state" | "lastRun"> & {
    readonly definition: ListedDefinition;
  },
  filter: JobFilter,
): boolean {
  if (filter.states && !filter.states.includes(state)) return false;
  if (filter.lastVerdicts && !filter.lastVerdicts.includes(lastVerdictOf(lastRun))) return false;
  return fitsDefinition(definition, filter);
}

/** Whether a definition is as a filter asks. */
export function fitsDefinition(definition: ListedDefinition, filter: JobFilter): boolean {
  const { pipeline, owner, source = CODE_SOURCE, tags } = definition;
  const { owners, sources } = filter;
  if (owners && (owner === undefined || !owners.includes(owner))) return false;
  if (sources && !sources.includes(source)) return false;
  if (filter.pipeline !== undefined && pipeline !== filter.pipeline) return false;
  if (filter.queue !== undefined && queueOf(definition) !== filter.queue) return false;
  if (filter.tag !== undefined && !tags.includes(filter.tag)) return false;
  return filter.text === undefined || hasText(definition, filter.text);
}

function hasText({ id, pipeline, description = "" }: ListedDefinition, text: string): boolean {
  return [id, pipeline, description].some((part) => part.toLowerCase().includes(text));
}

/** The filter of a reader who sees these owners alone. */
export function narrowed(filter: JobFilter, scope: Scope): JobFilter {
  if (scope === "all") return filter;
  const owners = [...new Set(scope)];
  return { ...filter, owners: filter.owners?.filter((owner) => owners.includes(owner)) ?? owners };
}
