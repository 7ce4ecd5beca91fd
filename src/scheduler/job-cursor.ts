import { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import { fromOpaqueText, toOpaqueText } from "../core/opaque-text.ts";
import { timeSchema } from "../jobs/definition-schema.ts";
import type { JobListOrder, JobPlace } from "../jobs/job-list.ts";
import { jobIdSchema } from "../jobs/options.ts";

/** Longer than that of the longest id. */
const MAX_LENGTH = 1_000;

/** The order, when the job was due (`null`: not at all), and its id. A list may stop before the first of all ids. */
const writtenSchema = z.union([
  z.tuple([z.literal("next-run"), timeSchema.nullable(), z.union([jobIdSchema, z.literal("")])]),
  z.tuple([z.literal("id"), z.null(), jobIdSchema]),
]);

/** A place in a list as callers keep it, and the order that it is a place in. */
export interface ListedPlace extends JobPlace {
  readonly order: JobListOrder;
}

/** A place as callers keep it. */
export function writeCursor({ order, id, dueAt }: ListedPlace): string {
  const isDue = order === "next-run" && dueAt !== Number.POSITIVE_INFINITY;
  return toOpaqueText([order, isDue ? dueAt : null, id]);
}

/** Reads what {@link writeCursor} wrote. */
export const cursorSchema = z
  .string()
  .max(MAX_LENGTH)
  .transform((cursor, context): ListedPlace => {
    const written = writtenSchema.safeParse(fromOpaqueText(cursor));
    if (!written.success) {
      context.addIssue({ code: "custom", message: "isn't a cursor from this method" });
      return z.NEVER;
    }
    const [order, dueAt, id] = written.data;
    return { order, id, dueAt: dueAt ?? Number.POSITIVE_INFINITY };
  });

/** @throws {@link CronduitError} `INVALID_OPTION` for a place in a list of another order. */
export function refuseOtherOrder(
  place: ListedPlace | undefined,
  order: JobListOrder,
  where: string,
): void {
  if (!place || place.order === order) return;
  throw new CronduitError(
    "INVALID_OPTION",
    `${where}, option "cursor": is of a list with order "${place.order}", and this one's is "${order}". Ask with the order of the first page.`,
    { data: { path: "cursor" } },
  );
}
