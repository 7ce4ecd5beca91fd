import type { EpochMs } from "../core/clock.ts";
import type { Engine } from "../engine/port/engine.ts";
import { parseOptions } from "../jobs/options.ts";
import { instantOption } from "../jobs/instant-option.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import { cleanupSchema } from "./cleanup-schema.ts";

/** Which runs to delete: give one of the two. */
export interface RunCleanup {
  /**
   * Runs with a fire time before this instant, as in `runDate`; read in the job's time zone unless it has an offset. A date
   * without a time means its midnight, so that day's runs are kept.
   */
  before?: InstantInput | undefined;
  /** All runs that have ended. */
  all?: boolean | undefined;
}

/** What was deleted. */
export interface RunsDeleted {
  /** How many rows. */
  readonly deleted: number;
  /** They had earlier fire times. */
  readonly before: EpochMs;
}

/** Deletes what is on record of a job's runs, step by step. */
export async function cleanUpRuns(
  engine: Pick<Engine, "ledger" | "now">,
  jobId: string,
  timezone: string,
  input: RunCleanup,
): Promise<RunsDeleted> {
  const { before } = parseOptions(cleanupSchema, input, "cleanupRuns");
  const until =
    // Later ones may come for ever.
    before === undefined
      ? (await engine.now()) + 1
      : instantOption(before, { where: "cleanupRuns", path: "before", timezone });
  for (let deleted = 0; ;) {
    const cleaned = await engine.ledger.clean({ jobId, before: Math.trunc(until) });
    deleted += cleaned.deleted;
    if (cleaned.isDone) return { deleted, before: Math.trunc(until) };
  }
}
