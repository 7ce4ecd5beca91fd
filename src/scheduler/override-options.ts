import { MAX_REASON, plainTextSchema } from "../jobs/plain-text.ts";
import { z } from "zod";
import { revisionSchema } from "../jobs/options.ts";
import { OVERRIDE_PARTS, type OverridePart } from "../jobs/overrides.ts";
import type { ParamsInput, ParamsSchema } from "../pipeline/params-schema.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import type { RescheduleOptions } from "./add-job-options.ts";
import type { IfRevision } from "./if-revision.ts";

/** Schema of {@link OverrideOptions}. */
export const overrideSchema = z
  .strictObject({
    paused: z
      .union([
        z.literal(true),
        z.strictObject({ reason: plainTextSchema(1, MAX_REASON).optional() }),
      ])
      .optional(),
    schedule: z.looseObject({}).optional(),
    params: z.unknown().optional(),
    until: z.unknown().optional(),
    ifRevision: revisionSchema.optional(),
  })
  .refine(
    ({ paused, schedule, params }) =>
      paused !== undefined || schedule !== undefined || params !== undefined,
    { message: "says nothing to override: give paused, schedule or params" },
  );

const partSchema = z.enum(OVERRIDE_PARTS);

/** Schema of what `clearOverride` takes back. */
export const partsSchema = z
  .union([
    partSchema.transform((part): readonly OverridePart[] => [part]),
    z.array(partSchema).min(1).readonly(),
  ])
  .optional()
  .transform((parts) => parts ?? OVERRIDE_PARTS);

/** Options of `overrideJob`: at least one of `paused`, `schedule` and `params`. */
export interface OverrideOptions<P extends ParamsSchema = ParamsSchema> extends IfRevision {
  /** Pause it; with a reason, up to 500 characters. @default as it is */
  paused?: true | { reason?: string };
  /** Another schedule, as `rescheduleJob` takes it. @default as it is */
  schedule?: RescheduleOptions;
  /** Other params, all of them. @default as they are */
  params?: ParamsInput<P>;
  /**
   * When it ends by itself: seconds from now, a duration such as `"2h"`, or an instant; without an offset, in the job's
   * time zone. @default until `clearOverride`
   */
  until?: InstantInput | number;
}
