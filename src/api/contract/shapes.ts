import { z } from "zod";

/** An instant in UTC, ISO 8601 with milliseconds. */
export const instantShape = z.iso
  .datetime({ precision: 3 })
  .meta({ examples: ["2026-03-29T01:00:00.000Z"] });

/** Who made a change. */
export const actorShape = z
  .object({
    kind: z.enum(["code", "file", "cli", "user", "token", "system"]),
    id: z.string(),
    note: z.string().optional(),
  })
  .meta({ id: "Actor", description: "Who did it: through what, which, and the reason given." });

/** A time as people write it; what it means is for the scheduler to say. */
export const timeQuery = z.string().min(1).max(64);

/** A page of things, and where to read on. */
export function pageShape<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .describe(
        "Pass it as `cursor` for the next page; `null` at the end. A short page may still have one.",
      ),
  });
}

/** Query parameters of every list. */
export const pageQuery = {
  cursor: z.string().min(1).max(2_000).optional().describe("The `nextCursor` of the page before."),
  limit: z.coerce.number().int().min(1).max(1_000).optional().describe("Most items of a page."),
} as const;

/** One, or several: in a query, a parameter that may be given several times. */
export function repeatable<T extends z.ZodType>(each: T) {
  return z.union([each.transform((one) => [one]), z.array(each).min(1).max(100)]);
}
