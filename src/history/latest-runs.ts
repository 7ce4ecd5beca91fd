import { z } from "zod";
import { END_OF_TIME, START_OF_TIME } from "../core/clock.ts";
import type { Engine } from "../engine/port/engine.ts";
import { jobIdSchema, parseOptions } from "../jobs/options.ts";
import { latestFirst } from "./latest-first.ts";
import { type Run, toRun } from "./run.ts";

const querySchema = z.strictObject({
  jobIds: z.array(jobIdSchema).max(100),
  limit: z.int().min(1).max(1_000).default(60),
});

/** Whose latest runs to read. */
export interface LatestRunsQuery {
  /** At most 100. */
  readonly jobIds: readonly string[];
  /** Of each, 1 to 1,000. @default 60 */
  readonly limit?: number | undefined;
}

/** The latest runs and decisions of jobs, in one round trip: first those without a verdict. */
export async function latestRunsOf(
  { ledger }: Pick<Engine, "ledger">,
  input: LatestRunsQuery,
): Promise<Run[][]> {
  const { jobIds, limit } = parseOptions(querySchema, input, "getLatestRuns");
  const range = { fromAt: START_OF_TIME, toAt: END_OF_TIME } as const;
  const parts = await ledger.readMany({ jobIds, ...range, limit });
  return parts.map(({ rows, open }) => {
    const decided = new Set(rows.map(({ id }) => id));
    const running = latestFirst(open.filter(({ id }) => !decided.has(id)));
    return [...running, ...rows].slice(0, limit).map(toRun);
  });
}
