import { z } from "zod";
import { actorSchema } from "./actor.ts";
import { definitionSchema, timeSchema } from "./definition-schema.ts";
import { CHANGE_KINDS, type Revision } from "./noted-change.ts";
import { jobIdSchema } from "./options.ts";
import { ownerSchema } from "./owner.ts";

const nameSchema = z.string().max(1_000);
const fieldTextSchema = z.string().max(10_000);
const revisionSchema: z.ZodType<Revision> = z.strictObject({
  at: timeSchema,
  by: actorSchema,
  what: z.enum(CHANGE_KINDS),
  reason: nameSchema.exactOptional(),
  differences: z
    .array(z.strictObject({ field: nameSchema, from: fieldTextSchema, to: fieldTextSchema }))
    .max(100)
    .exactOptional(),
  fireAt: timeSchema.exactOptional(),
  bulk: nameSchema.exactOptional(),
  count: z.int().min(0).exactOptional(),
  owner: ownerSchema.exactOptional(),
  formerOwner: z.union([ownerSchema, z.literal("")]).exactOptional(),
  before: z
    .strictObject({
      revision: z.int().min(0).max(1e15),
      state: z.enum(["active", "paused", "finished", "removed"]),
      definition: definitionSchema.exactOptional(),
      until: timeSchema,
      watermark: timeSchema,
      decidedTo: timeSchema.exactOptional(),
    })
    .exactOptional(),
} satisfies Record<keyof Revision, z.ZodType>);

/** Validates a change of a job in an exported state. */
export const revisionRecordSchema = z.strictObject({
  kind: z.literal("revision"),
  jobId: jobIdSchema,
  revision: revisionSchema,
});
