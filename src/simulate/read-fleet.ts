import { z } from "zod";
import { parseOptions } from "../jobs/options.ts";
import type { Job } from "../scheduler/job-actions.ts";
import type { PipelineScheduler } from "../scheduler/pipeline-scheduler.ts";
import type { PastRuns } from "./run-lengths.ts";

const PAGE = 1_000;
/** Histories that are asked for at once. */
const AT_ONCE = 20;

const readFleetSchema = z.strictObject({ runs: z.int().min(0).max(1_000).default(100) });

/** How to read a fleet. */
export interface ReadFleetOptions {
  /** How many of the latest runs of each job to read for `durations`: 0 to 1,000. @default 100 */
  runs?: number | undefined;
}

/** What a scheduler has, for {@link simulate}. */
export interface FleetToSimulate {
  /** Its jobs, but for finished ones. */
  readonly jobs: readonly Job[];
  /** By job id, runs that ended, the latest first. */
  readonly durations: Readonly<Record<string, PastRuns>>;
}

/**
 * Reads the jobs of a scheduler, and how long their latest runs took:
 *
 * ```ts
 * const { jobs, durations } = await readFleet(scheduler);
 * const year = await simulate(jobs, { from: "2027-01-01", to: "2027-12-31", durations, slots: 50 });
 * ```
 *
 * @throws {@link CronduitError} `INVALID_OPTION`, and what `getJobs` and `getRuns` throw.
 */
export async function readFleet(
  scheduler: Pick<PipelineScheduler, "getJobs" | "getRuns">,
  options: ReadFleetOptions = {},
): Promise<FleetToSimulate> {
  const { runs: limit } = parseOptions(readFleetSchema, options, "readFleet");
  const jobs: Job[] = [];
  let cursor: string | undefined;
  do {
    const page = await scheduler.getJobs({ state: ["active", "paused"], limit: PAGE, cursor });
    jobs.push(...page.jobs);
    cursor = page.cursor;
  } while (cursor !== undefined);
  if (limit === 0) return { jobs, durations: {} };
  const durations = new Map<string, PastRuns>();
  for (let first = 0; first < jobs.length; first += AT_ONCE) {
    const some = jobs.slice(first, first + AT_ONCE);
    await Promise.all(
      some.map(async ({ id }) => {
        const verdict = ["succeeded" as const, "failed" as const];
        durations.set(id, await scheduler.getRuns(id, { verdict, limit }));
      }),
    );
  }
  return { jobs, durations: Object.fromEntries(durations) };
}
