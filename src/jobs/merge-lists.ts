import {
  comparePlaces,
  type JobCounts,
  type JobListPage,
  type JobListQuery,
  type JobPlace,
} from "./job-list.ts";

/**
 * Pages of several lists as one. A place means the same in each, so the page ends where the first of them stopped to look, and
 * the next one begins there in all.
 */
export function mergePages(
  pages: readonly JobListPage[],
  { order, limit }: Pick<JobListQuery, "order" | "limit">,
): JobListPage {
  const compare = (a: JobPlace, b: JobPlace): number => comparePlaces(order, a, b);
  const [end] = pages.flatMap(({ next = [] }) => next).toSorted(compare);
  const all = pages.flatMap(({ found }) => found).toSorted(compare);
  const within = end ? all.filter((place) => compare(place, end) <= 0) : all;
  const looked = pages.reduce((sum, page) => sum + page.looked, 0);
  const found = within.slice(0, limit);
  const next = within.length > limit ? found.at(-1) : end;
  return { found, looked, ...(next ? { next } : {}) };
}

/** Counts of several lists as one. */
export function sumCounts(counts: readonly JobCounts[]): JobCounts {
  const groups = new Map<string, number>();
  for (const [key, count] of counts.flatMap((each) => [...each.groups]))
    groups.set(key, (groups.get(key) ?? 0) + count);
  return { total: counts.reduce((sum, { total }) => sum + total, 0), groups };
}
