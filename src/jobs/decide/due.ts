import type { EpochMs } from "../../core/clock.ts";
import type { AdmitRequest } from "../run-requests.ts";
import type { Occurrence, Span } from "../schedule.ts";
import type { JobEntry } from "./state.ts";

/** A worker's list may be this old, which covers round trips and clocks that differ a little. */
const MAX_AGE_MS = 1_000;

/**
 * What is due by the server's clock of what a worker lists. `nothing`: all of it is decided. `early`: the worker's clock runs
 * ahead. `behind`: the list does not fit what is stored, and must be made anew. `due`: these are to be decided, with the
 * occurrences that come after them.
 */
export type Due =
  | { readonly is: "nothing" | "behind" }
  | { readonly is: "early"; readonly waitMs: number }
  | {
      readonly is: "due";
      readonly due: readonly [Occurrence, ...Occurrence[]];
      readonly older: Span | undefined;
      readonly upcoming: readonly Occurrence[];
    };

/**
 * Finds what is due. The watermark says up to which fire time everything is decided: nothing below it is decided again, and
 * nothing above it is left out.
 */
export function dueOf(
  job: Pick<JobEntry, "watermark" | "revision">,
  request: AdmitRequest,
  now: EpochMs,
): Due {
  const { watermark } = job;
  const listed = request.latest.filter(({ fireAt }) => fireAt > watermark);
  const [first, ...rest] = listed.filter(({ dueAt }) => dueAt <= now);
  const early = listed.find(({ dueAt }) => dueAt > now);
  const older = request.older && request.older.toAt > watermark ? request.older : undefined;
  if (!first && !(early && older))
    return early ? { is: "early", waitMs: early.dueAt - now } : { is: "nothing" };
  const isIncomplete = request.base > watermark || (older && older.fromAt <= watermark);
  // With both older and early: the list was too short, and what is early took the place of something that is due.
  if (!first || isIncomplete || (older && early) || isOutdated(job, request, now))
    return { is: "behind" };
  // One that only the worker's clock took for due comes first.
  const upcoming = early ? [early, ...request.upcoming] : request.upcoming;
  return { is: "due", due: [first, ...rest], older, upcoming };
}

/** Whether the list is so old, or made by such an old definition, that it may lack something that is due. */
function isOutdated(
  { revision }: Pick<JobEntry, "revision">,
  { upcoming, older, revision: byRevision }: AdmitRequest,
  now: EpochMs,
): boolean {
  const [next] = upcoming;
  const isOld = next !== undefined && next.dueAt + MAX_AGE_MS <= now;
  return isOld || (older !== undefined && byRevision < revision);
}
