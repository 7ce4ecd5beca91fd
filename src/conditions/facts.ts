import { z } from "zod";

/**
 * What a condition can ask about a job. The engine reads it from the ledger in the same atomic step that decides, and
 * stores it beside the decision, so that an explanation can use the facts of that moment.
 *
 * A run is one that began to execute; occurrences that were skipped, missed or coalesced don't count and change nothing
 * here.
 */
export const jobFactsSchema = z
  .strictObject({
    lastVerdict: z
      .enum(["succeeded", "failed", "cancelled"])
      .nullable()
      .describe("Verdict of the run that ended last; null until one has ended"),
    lastSuccessAt: z.int().nullable().describe("When a run last ended successfully, in epoch ms"),
    successStreak: z
      .int()
      .min(0)
      .describe("How many runs in a row have succeeded; 0 after a failed or cancelled one"),
    running: z.int().min(0).describe("Runs that have begun and have not ended"),
    everRan: z
      .boolean()
      .describe("Whether a run has ever begun; stays true when retention deletes the run"),
  })
  .readonly();

/** What a condition can ask about a job: how its runs ended. */
export type JobFacts = z.output<typeof jobFactsSchema>;

/** Looks up a job; `undefined` if there is none with that id. */
export type FactsOf = (jobId: string) => JobFacts | undefined;
