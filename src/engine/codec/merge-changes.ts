import type { ChangesPage, NotedChange, PlacedChange } from "../../jobs/noted-change.ts";
import type { Scope } from "../../jobs/scope.ts";
import { seenChange } from "../../jobs/seen-changes.ts";

/** A list's changes before a place, newest first. */
export interface ListPage {
  readonly list: string;
  readonly changes: readonly PlacedChange[];
  /** The place before which these are: behind the newest at first. */
  readonly before: number;
}

/** The newest of several lists as one page, as far as they are seen, and where each list goes on. */
export function mergeChanges(scope: Scope, pages: readonly ListPage[], limit: number): ChangesPage {
  const newest = mergeSorted(pages, limit);
  const left = pages.reduce((sum, { changes }) => sum + changes.length, -newest.length);
  const changes = newest.flatMap((placed) => {
    const change = seenChange(scope, placed.change);
    return change ? [{ ...placed, change }] : [];
  });
  if (newest.length < limit && left === 0) return { changes };
  // What is noted after the first page does not come into later ones.
  const cursor = Object.fromEntries(pages.map(({ list, before }) => [list, before]));
  for (const { list, place } of newest) cursor[list] = place;
  return { changes, cursor };
}

/** Keeps the order within a list, even if a clock was set back. */
function mergeSorted(pages: readonly ListPage[], limit: number): PlacedChange[] {
  const lists = pages.map(({ changes }) => changes.toReversed());
  const merged: PlacedChange[] = [];
  while (merged.length < limit) {
    let newest: PlacedChange[] | undefined;
    for (const list of lists) {
      const [head, best] = [list.at(-1), newest?.at(-1)];
      if (head && (!best || head.change.at > best.change.at)) newest = list;
    }
    const next = newest?.pop();
    if (!next) break;
    merged.push(next);
  }
  return merged;
}

/** A list's page. @param last The place of its newest. @param changes Those before `before`, newest first. */
export function listPage(
  list: string,
  last: number,
  before: number | undefined,
  changes: readonly NotedChange[],
): ListPage {
  const from = before ?? last + 1;
  return {
    list,
    before: from,
    changes: changes.map((change, i) => ({ change, list, place: Math.min(from - 1, last) - i })),
  };
}
