import { END_OF_TIME, START_OF_TIME } from "../core/clock.ts";
import type { Engine } from "../engine/port/engine.ts";
import { type Run, toRun } from "./run.ts";

/** The latest runs and decisions of jobs, in one round trip: first those without a verdict. */
export async function latestRunsOf(
  { ledger }: Pick<Engine, "ledger">,
  jobIds: readonly string[],
  limit: number,
): Promise<Run[][]> {
  const range = { fromAt: START_OF_TIME, toAt: END_OF_TIME } as const;
  const parts = await ledger.readMany({ jobIds, ...range, limit });
  return parts.map(({ rows, open }) => {
    const decided = new Set(rows.map(({ id }) => id));
    const running = open
      .filter(({ id }) => !decided.has(id))
      .toSorted((a, b) => b.fireAt - a.fireAt || (a.id < b.id ? -1 : 1));
    return [...running, ...rows].slice(0, limit).map(toRun);
  });
}
