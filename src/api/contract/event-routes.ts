import { z } from "zod";
import { actorShape, instantShape, repeatable } from "./shapes.ts";
import { route } from "./route.ts";

/** An event, as the data of a message. Fields that it does not have are absent. */
export const eventShape = z
  .object({
    name: z.string(),
    time: instantShape,
    owner: z.string().optional(),
    jobId: z.string().optional(),
    runId: z.string().optional(),
    fireTime: instantShape.optional(),
    attempt: z.int().optional(),
    worker: z.string().optional(),
    count: z.int().optional(),
    by: actorShape.optional(),
    reason: z.string().optional(),
    note: z.string().optional(),
    until: instantShape.optional(),
  })
  .meta({ id: "Event", description: "Something that happened in the fleet." });

/** An event, as JSON. */
export type EventAnswer = z.output<typeof eventShape>;

/** Routes about what happens. */
export const eventRoutes = {
  followEvents: route({
    method: "GET",
    path: "/events",
    summary:
      "What happens, as server-sent events: each as a message, above 10 a second several as a `batch`; `resync` if some were lost.",
    group: "events",
    access: "viewer",
    query: z.strictObject({
      name: repeatable(z.string().min(1).max(64)).optional().describe("As `JOB_ERROR`."),
      jobId: z.string().min(1).max(255).optional(),
      owner: z.string().min(1).max(256).optional(),
      tag: z.string().min(1).max(64).optional().describe("That the job has."),
      lastEventId: z
        .string()
        .min(1)
        .max(8_000)
        .optional()
        .describe("As the header `Last-Event-ID`, for who can't set it."),
    }),
    answer: "stream",
    errors: ["TOO_MANY_STREAMS"],
  }),
};
