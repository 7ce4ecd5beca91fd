import { z } from "zod";
import { parseDuration } from "../core/durations.ts";
import { CronduitError } from "../core/errors.ts";
import { DEFAULT_QUEUE, queueNameSchema } from "./queue.ts";

/** Words that JavaScript gives a meaning as keys; nobody needs a job of that name. */
const RESERVED_IDS = new Set(["__proto__", "constructor", "prototype"]);
const JOB_ID = /^[\p{L}\p{N}_](?:[\p{L}\p{N} _.:@/+=~#%-]*[\p{L}\p{N}_.:@/+=~#%-])?$/u;

/** A job's id: 1 to 128 letters, digits and `_ . : @ / + = ~ # % -`, spaces inside. */
export const jobIdSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(JOB_ID, "may hold letters, digits, inner spaces and _ . : @ / + = ~ # % - only")
  .refine((id) => !RESERVED_IDS.has(id), "is a reserved word")
  .describe("Names the job; unique in the fleet. Default: a random UUID");

function durationSchema(defaultUnitMs: number) {
  return z.union([z.number().nonnegative().finite(), z.string()]).transform((value, context) => {
    if (typeof value === "number") {
      const ms = Math.round(value * defaultUnitMs);
      if (Number.isSafeInteger(ms)) return ms;
      context.addIssue({ code: "custom", message: "is too long" });
      return z.NEVER;
    }
    try {
      return parseDuration(value);
    } catch (error) {
      context.addIssue({
        code: "custom",
        message: error instanceof CronduitError ? error.message : "is no duration",
      });
      return z.NEVER;
    }
  });
}

/** A duration; numbers are seconds. Inside: milliseconds. */
export const secondsSchema = durationSchema(1_000);
/** A duration; numbers are milliseconds. Inside: milliseconds. */
export const millisecondsSchema = durationSchema(1);

/** The rules of a job, as users write them; what they become inside is {@link JobOptions}. */
export const jobOptionsSchema = z.strictObject({
  /** Names the job; unique in the fleet. Default: a random UUID. */
  id: jobIdSchema.optional(),
  /** For people; up to 1,000 characters. */
  description: z.string().max(1_000).optional(),
  /** Up to 32 short labels to filter by. */
  tags: z.array(z.string().min(1).max(64)).max(32).default([]),
  /** Which workers run it: those that serve this queue. 1 to 64 letters, digits and `_ . -`; default `"default"`. */
  queue: queueNameSchema.default(DEFAULT_QUEUE),
  /** How many runs of this job may be unfinished at once, over the whole fleet. 1 to 10,000; default 1. */
  maxInstances: z.int().min(1).max(10_000).default(1),
  /** Several occurrences due at once become one run of the latest. Default true. */
  coalesce: z.boolean().default(true),
  /** How late a run may start: seconds, or `"5m"`. `null` or absent: any delay is fine. */
  misfireGraceTime: secondsSchema.nullable().default(null),
  /** Without `coalesce`: how many due occurrences run at most; older ones are `missed`. 1 to 10,000; default 1,000. */
  maxCatchUp: z.int().min(1).max(10_000).default(1_000),
  /** A first run time before the trigger's own; `null` adds the job paused. */
  nextRunTime: z.union([z.date(), z.string(), z.number()]).nullable().optional(),
  /** Replace a stored job of the same id instead of failing. Default false. */
  replaceExisting: z.boolean().default(false),
  /** How much of the job's ledger is kept: by default 1,000 rows and 30 days; `age` in seconds or `"90d"`. */
  retention: z
    .strictObject({
      count: z.int().min(1).max(1_000_000).default(1_000),
      age: secondsSchema.default(30 * 86_400_000),
    })
    .prefault({}),
});

/** Job rules after parsing, in milliseconds. */
export type JobOptions = z.output<typeof jobOptionsSchema>;
/** Job rules as users write them. */
export type JobOptionsInput = z.input<typeof jobOptionsSchema>;

/** The option names that {@link jobOptionsSchema} takes; all others belong to the trigger. */
export const JOB_OPTION_NAMES: ReadonlySet<string> = new Set(Object.keys(jobOptionsSchema.shape));

/** Turns zod's first complaint into one of ours that says where, what is wrong, and what was given. */
export function invalidOption(error: z.ZodError, where: string): CronduitError {
  const issue = error.issues[0];
  const path = issue?.path.map(String).join(".") ?? "";
  const unknown =
    issue?.code === "unrecognized_keys"
      ? issue.keys.map((key) => `"${key}"`).join(", ")
      : undefined;
  const what = unknown ? `unknown option ${unknown}` : (issue?.message ?? "is not valid");
  return new CronduitError(
    "INVALID_OPTION",
    `${where}${path ? `, option "${path}"` : ""}: ${what}`,
    {
      data: {
        path: unknown
          ? [path, ...(issue?.code === "unrecognized_keys" ? issue.keys : [])]
              .filter(Boolean)
              .join(".")
          : path,
      },
    },
  );
}

/**
 * Parses `input` by `schema`.
 * @param where Names the call for the error's message, e.g. `addJob`.
 * @throws {@link CronduitError} `INVALID_OPTION`.
 */
export function parseOptions<S extends z.ZodType>(
  schema: S,
  input: unknown,
  where: string,
): z.output<S> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw invalidOption(parsed.error, where);
  return parsed.data;
}
