import { z } from "zod";

/**
 * What a condition can ask about a job. The engine reads it from the ledger in the same atomic step that decides, and
 * stores it beside the decision, so that an explanation has the facts that counted then.
 *
 * A run is what began to execute; occurrences that were skipped, missed or coalesced are none and change nothing here.
 */
export const jobFactsSchema = z
  .strictObject({
    lastVerdict: z
      .enum(["succeeded", "failed", "cancelled"])
      .nullable()
      .describe("Of the run that ended last; null before the first has ended"),
    lastSuccessAt: z.int().nullable().describe("When a run last ended successfully, in epoch ms"),
    successStreak: z
      .int()
      .min(0)
      .describe(
        "How many runs in a row succeeded up to the last; 0 after a failed or cancelled one",
      ),
    running: z.int().min(0).describe("Runs that have begun and not ended"),
    everRan: z.boolean().describe("Whether a run has ever begun, kept when retention removes it"),
  })
  .readonly();

/** What a condition can ask about a job: how its runs ended. */
export type JobFacts = z.output<typeof jobFactsSchema>;

/** Looks a job up; `undefined` if there is none of that id. */
export type FactsOf = (jobId: string) => JobFacts | undefined;
