import type { LedgerRow } from "../../jobs/ledger-row.ts";
import type { LedgerQuery } from "../port/engine.ts";

/**
 * Ordered lists as one ordered list. Each keeps its own order; of equals that of an earlier list comes first.
 * @param comesBefore Whether `a` must stand before `b`.
 */
function merge<T>(
  lists: readonly (readonly T[])[],
  comesBefore: (a: T, b: T) => boolean,
): readonly T[] {
  return lists.reduce((merged, list) => {
    const both: T[] = [];
    let at = 0;
    for (const item of merged) {
      for (let next = list[at]; next !== undefined && comesBefore(next, item); next = list[at]) {
        both.push(next);
        at += 1;
      }
      both.push(item);
    }
    return [...both, ...list.slice(at)];
  }, []);
}

/** The rows of all queues in the order of their fire times. */
export function mergeRows(
  lists: readonly (readonly LedgerRow[])[],
  order: LedgerQuery["order"],
): readonly LedgerRow[] {
  return merge(lists, (a, b) => (order === "latest" ? a.fireAt > b.fireAt : a.fireAt < b.fireAt));
}
