import { z } from "zod";

/** Validates what to delete of a job's past. */
export const cleanupSchema = z
  .strictObject({
    before: z.unknown().optional(),
    all: z.boolean().default(false),
  })
  .refine(
    ({ before, all }) => (before === undefined) === all,
    "needs either `before` or `all: true`",
  );
