import { z } from "zod";
import { actorSchema } from "./actor.ts";
import { timeSchema } from "./definition-schema.ts";
import type { StoredSkip } from "./stored-skip.ts";

/** Validates a skip that was asked for. */
export const skipSchema: z.ZodType<StoredSkip> = z.strictObject({
  fireAt: timeSchema,
  dueAt: timeSchema,
  reason: z.string().max(1_000).exactOptional(),
  by: actorSchema,
  at: timeSchema,
});
