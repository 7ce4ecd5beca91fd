import { type ListedRun, placeOf, type RunList, type RunListQuery } from "../../jobs/run-list.ts";
import type { Scope } from "../../jobs/scope.ts";
import type { LedgerPort } from "../port/ledger.ts";

/** A queue's name, empty for the default one, and its ledgers. */
export type LedgerOfQueue = readonly [queue: string, ledger: Pick<LedgerPort, "list">];

/** A place among the runs of all queues: that of its queue, and the queue's number in the order of names. */
interface Place {
  readonly at: number;
  readonly id: string;
  readonly queue: number;
}

/**
 * The decided runs of all queues as one list. Of one instant, those of an earlier queue come first, and within a queue its own
 * order holds. A place is that of a queue, with the queue's name behind it.
 */
export async function listOfQueues(
  ledgers: readonly LedgerOfQueue[],
  { query, scope }: { readonly query: RunListQuery; readonly scope: Scope },
): Promise<RunList> {
  const before = query.before === undefined ? undefined : readPlace(query.before, ledgers);
  const lists = await Promise.all(
    ledgers.map(([, ledger], queue) => {
      const asked = { ...query, before: before && writePlace(seenFrom(before, queue)) };
      return ledger.list(asked, scope);
    }),
  );
  const place = (text: string, queue: number): Place => ({ ...placeOf(text), queue });
  const all = lists.flatMap(({ runs }, queue) =>
    runs.map((run) => ({ run, place: place(run.place, queue) })),
  );
  // Stable: within a queue the order stays.
  all.sort((a, b) => order(a.place, b.place));
  const stops = lists
    .flatMap(({ next }, queue) => (next === undefined ? [] : [place(next, queue)]))
    .toSorted(order);
  // Behind it, some queue may have more.
  const [stop] = stops;
  const known = stop ? all.filter((one) => !isBehind(one.place, stop)) : all;
  const found = known.slice(0, query.limit);
  const last = known.length >= query.limit ? found.at(-1)?.place : stop;
  const isEnd = stop === undefined && known.length <= query.limit;
  const sinces = lists.flatMap(({ since }) => since ?? []);
  const written = (one: Place): string => `${writePlace(one)}@${ledgers[one.queue]?.[0] ?? ""}`;
  return {
    runs: found.map(({ run: { jobId, row }, place: at }): ListedRun => ({
      jobId,
      row,
      place: written(at),
    })),
    next: isEnd || !last ? undefined : written(last),
    since: sinces.length === 0 ? undefined : Math.max(...sinces),
  };
}

/** Of one queue the order by places of an instant is its own. */
function order(a: Place, b: Place): number {
  return b.at - a.at || a.queue - b.queue;
}

/** Whether a run stands behind the place up to which another queue, or its own, was looked at. */
function isBehind(one: Place, stop: Place): boolean {
  return order(one, stop) > 0;
}

/** Where a queue has to continue behind a place. */
function seenFrom({ at, id, queue }: Place, own: number): Pick<Place, "at" | "id"> {
  if (own === queue) return { at, id };
  return own < queue ? { at, id: "" } : { at: at + 1, id: "" };
}

function writePlace({ at, id }: Pick<Place, "at" | "id">): string {
  return `${at}:${id}`;
}

/** A place without a queue is that of the default one, from before there was another. */
function readPlace(text: string, ledgers: readonly LedgerOfQueue[]): Place {
  const mark = text.lastIndexOf("@");
  const queue = ledgers.findIndex(([name]) => mark >= 0 && name === text.slice(mark + 1));
  return { ...placeOf(queue < 0 ? text : text.slice(0, mark)), queue: Math.max(0, queue) };
}
