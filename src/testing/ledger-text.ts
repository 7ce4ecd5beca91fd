import { formatDuration } from "../core/durations.ts";
import type { Run } from "../history/run.ts";

const MOST_LINES = 12;

/** A job's ledger in a few lines, the latest last, for the message of a failed test. */
export function ledgerText(jobId: string, runs: readonly Run[]): string {
  if (runs.length === 0) return `The ledger of "${jobId}" is empty.`;
  const shown = runs.slice(-MOST_LINES).map((run) => `  ${lineOf(run)}`);
  const more = runs.length - shown.length;
  const before = more === 0 ? [] : [`  … ${more} earlier`];
  return [`The ledger of "${jobId}":`, ...before, ...shown].join("\n");
}

function lineOf(run: Run): string {
  const { verdict, reason, count, attempt, error, trigger, latenessMs } = run;
  const notes = [
    `${verdict}${reason === undefined ? "" : `: ${reason}`}`,
    ...(count > 1 ? [`${count} occurrences from ${iso(run.firstFireTime)}`] : []),
    ...(trigger === "scheduled" ? [] : [trigger]),
    ...(attempt !== undefined && attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(latenessMs === undefined || latenessMs < 1_000
      ? []
      : [`${formatDuration(latenessMs)} late`]),
    ...(error === undefined ? [] : [`${error.name}: ${error.message}`.slice(0, 200)]),
  ];
  return `${iso(run.fireTime)}  ${notes.join(", ")}`;
}

function iso(time: Date): string {
  return time.toISOString().replace(".000Z", "Z");
}
