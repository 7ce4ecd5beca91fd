import type { EpochMs } from "../../core/clock.ts";
import type { RemovedJobs } from "../port/changes.ts";

/** A removed job, and when its ledger ends. */
export interface RemovedJob {
  readonly id: string;
  readonly endsAt: EpochMs;
}

/** Where to go on: behind a job in the order of ends, and of ids of the same end. */
export function readRemovedCursor(cursor: string | undefined): RemovedJob {
  const at = cursor?.indexOf(" ") ?? 0;
  return { endsAt: Number(cursor?.slice(0, at) ?? 0), id: cursor?.slice(at + 1) ?? "" };
}

/** A page of jobs in their order. */
export function removedPage(
  sorted: readonly RemovedJob[],
  cursor: string | undefined,
  limit: number,
): RemovedJobs {
  const from = readRemovedCursor(cursor);
  const found = sorted
    .filter(({ endsAt, id }) => endsAt > from.endsAt || (endsAt === from.endsAt && id > from.id))
    .slice(0, limit)
    .map(({ endsAt, id }) => ({ id, cursor: `${endsAt} ${id}` }));
  const last = found.at(-1);
  return last && found.length === limit ? { found, next: last.cursor } : { found };
}
