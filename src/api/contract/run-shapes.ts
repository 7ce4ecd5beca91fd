import { z } from "zod";
import { actorShape, instantShape } from "./shapes.ts";

const verdictNames = [
  "succeeded",
  "failed",
  "cancelled",
  "missed",
  "coalesced",
  "skipped",
] as const;
const openNames = ["queued", "running", "retrying", "sleeping"] as const;

/** The final states of an occurrence. */
export const verdictShape = z.enum(verdictNames);

/** A verdict, or the state before it. */
export const stateShape = z.enum([...verdictNames, ...openNames]);

/** Why an occurrence was skipped. */
export const skipReasonShape = z.enum([
  "max-instances",
  "condition",
  "paused",
  "removed",
  "rescheduled",
  "overlap-replaced",
  "requested",
]);

/** What requested a run. */
export const triggerShape = z.enum(["scheduled", "manual", "backfill"]);

/** What became of the promise that an occurrence is. */
export const promiseStateShape = z.enum(["kept", "late", "excused", "broken", "in-flight"]).meta({
  id: "Promise",
  description:
    "kept: it succeeded. late: it succeeded, and began more than 10 s after it was due. excused: somebody, or a rule of the job, wanted it so. broken: it failed, was missed, or found maxInstances runs unfinished. in-flight: it has no verdict yet.",
});

/** How a run failed. */
export const errorShape = z.looseObject({ name: z.string(), message: z.string() }).meta({
  id: "RunError",
  description: "With `code`, `cause`, `errors` and `stack` if there are any.",
});

/** A run, or the decision on one occurrence or several. */
export const runShape = z
  .object({
    id: z.string(),
    jobId: z.string(),
    verdict: stateShape.describe("Or the state before it."),
    promise: promiseStateShape
      .nullable()
      .describe("`null` for a run by hand and one of a backfill, which nobody was promised."),
    trigger: triggerShape,
    owner: z.string().nullable().describe("Whose job it was."),
    requestedBy: actorShape.nullable(),
    cancelledBy: actorShape.nullable(),
    fireTime: instantShape.describe("Nominal; of several occurrences the latest."),
    dueTime: instantShape.describe("The fire time plus jitter."),
    count: z.int().describe("How many occurrences this stands for."),
    firstFireTime: instantShape,
    startedAt: instantShape.nullable().describe("Of the last attempt."),
    finishedAt: instantShape.nullable(),
    decidedAt: instantShape.nullable().describe("Of occurrences that did not run."),
    latenessMs: z.number().nullable(),
    durationMs: z.number().nullable(),
    attempt: z.int().nullable(),
    worker: z.string().nullable(),
    reason: skipReasonShape.nullable(),
    why: z
      .string()
      .nullable()
      .describe("In words, why it did not go as it should; `null` if there is nothing to say."),
    coalescedInto: z.string().nullable(),
    note: z.string().nullable(),
    result: z.unknown(),
    error: errorShape.nullable(),
  })
  .meta({
    id: "Run",
    description: "A run, or what was decided about an occurrence that did not run.",
  });

/** A run, as JSON. */
export type RunAnswer = z.output<typeof runShape>;
