import type { Clock } from "../../core/clock.ts";
import { parseQueueJobId } from "../../jobs/occurrence-id.ts";
import type { ActiveRun } from "../../worker/active-run.ts";
import { harmless } from "../output/harmless.ts";
import { lengthText } from "../output/times.ts";

/** A run that is executed in this process. */
export interface RunAtWork {
  readonly jobId: string;
  /** How long so far, where that is known. */
  readonly forMs: number | undefined;
}

/** How many are named. */
const MOST_NAMED = 5;

/** The runs of a worker. */
export function runsAtWork(
  active: readonly Pick<ActiveRun, "hold" | "since">[],
  clock: Pick<Clock, "elapsed">,
): RunAtWork[] {
  return active.map(({ hold, since }) => ({ jobId: hold.jobId, forMs: clock.elapsed() - since }));
}

/** The runs of these ids. */
export function runsOf(runIds: readonly string[]): RunAtWork[] {
  return runIds.map((id) => ({ jobId: parseQueueJobId(id)?.jobId ?? id, forMs: undefined }));
}

/** What an end waits for: `waiting for 2 runs (hello, 3 s; backup, 1 min 2 s)`; `undefined` if for nothing. */
export function waitingText(runs: readonly RunAtWork[]): string | undefined {
  if (runs.length === 0) return undefined;
  const named = runs
    .slice(0, MOST_NAMED)
    .map(({ jobId, forMs }) =>
      [harmless(jobId), ...(forMs === undefined ? [] : [lengthText(forMs)])].join(", "),
    );
  const more = runs.length - named.length;
  const all = [...named, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
  return `waiting for ${runs.length} run${runs.length === 1 ? "" : "s"} (${all})`;
}
