import type { Engine } from "../../engine/port/engine.ts";
import type { LogPolicy } from "../../jobs/definition.ts";
import type { CheckedState } from "./checked-state.ts";

const LINES = 1_000;

/**
 * Stores the logs of one queue's jobs; those of `skipped` jobs are not wanted. Before the jobs: nobody else writes to these
 * logs then, so that a repeated import knows by their lengths how far it was.
 * @returns how many lines the logs have
 */
export async function storeLogs(
  engine: Pick<Engine, "logs">,
  state: CheckedState,
  { queue, skipped }: { queue: string | undefined; skipped: ReadonlySet<string> },
): Promise<number> {
  if (state.counts.log === 0) return 0;
  let policy: LogPolicy | undefined;
  let last: { runId: string; stored: number } | undefined;
  let count = 0;
  for await (const record of state.records()) {
    if (record.kind === "job") {
      const { id, logs } = record.definition;
      policy = record.definition.queue === queue && !skipped.has(id) ? logs : undefined;
    }
    if (record.kind !== "log" || !policy) continue;
    const { jobId, runId, lines } = record;
    count += lines.length;
    if (last?.runId !== runId) last = { runId, stored: await lengthOf(engine, jobId, runId) };
    const missing = lines.slice(last.stored);
    last.stored = Math.max(0, last.stored - lines.length);
    if (missing.length === 0) continue;
    const { maxBytes, runs, ageMs } = policy;
    const retention = { runs, ageMs };
    await engine.logs.append([{ jobId, runId, lines: missing, maxBytes, retention }]);
  }
  return count;
}

async function lengthOf(
  engine: Pick<Engine, "logs">,
  jobId: string,
  runId: string,
): Promise<number> {
  let after: string | undefined;
  for (let length = 0; ;) {
    const page = await engine.logs.read({ jobId, runId, after, limit: LINES });
    length += page.lines.length;
    if (page.lines.length < LINES) return length;
    after = page.cursor;
  }
}
