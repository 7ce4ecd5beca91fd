import { z } from "zod";
import type { Condition } from "../conditions/condition.ts";
import { parseCondition } from "../conditions/parse.ts";
import { validateCondition } from "../conditions/schema.ts";
import { complain } from "../core/complaint.ts";
import { ConditionError, CronduitError } from "../core/errors.ts";
import { durationOption } from "./duration-option.ts";
import { instantSchema } from "../triggers/time/parse-instant.ts";
import { DEFAULT_QUEUE, queueNameSchema } from "./queue.ts";

/** Words that JavaScript gives a meaning as keys; nobody needs a job of that name. */
const RESERVED_IDS = new Set(["__proto__", "constructor", "prototype"]);
const JOB_ID = /^[\p{L}\p{N}_](?:[\p{L}\p{N} _.:@/+=~#%-]*[\p{L}\p{N}_.:@/+=~#%-])?$/u;

/** A job's id: 1 to 128 letters, digits and `_ . : @ / + = ~ # % -`, the first a letter, a digit or `_`; spaces inside. */
export const jobIdSchema = z
  .string()
  .min(1)
  .max(128)
  .superRefine((id, context) => {
    const fault = faultOfId(id);
    if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
  })
  .meta({
    allowed:
      "a text of 1 to 128 characters: first a letter, a digit or _, then also . : @ / + = ~ # % - and spaces that are not the last",
  });

function faultOfId(id: string): string | undefined {
  if (RESERVED_IDS.has(id)) return "is a reserved word";
  if (JOB_ID.test(id)) return undefined;
  const stray = /[^\p{L}\p{N} _.:@/+=~#%-]/u.exec(id)?.[0];
  if (stray !== undefined) return `holds the character ${JSON.stringify(stray)}`;
  if (id.endsWith(" ")) return "ends with a space";
  return `begins with ${JSON.stringify(id.slice(0, 1))}`;
}

/** A condition: its text, or what the builders (`when.all(…)`) made. Inside: the latter. */
const conditionOption = z
  .union([z.string(), z.custom<Condition>(isObject)])
  .transform((given, context) => {
    try {
      return typeof given === "string" ? parseCondition(given) : validateCondition(given);
    } catch (error) {
      const message = error instanceof CronduitError ? error.message : "is no condition";
      context.addIssue({ code: "custom", message, params: { error } });
      return z.NEVER;
    }
  })
  .meta({ allowed: "a text or what after, all, any and not return" });

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** Several attempts; see {@link jobOptionsSchema}. */
const retrySchema = z.strictObject({
  /** Attempts in all, the first included: 2 to 1,000. @default 3 */
  attempts: z.int().min(2).max(1_000).default(3),
  /** Whether each further delay is twice the one before. @default "exponential" */
  backoff: z.enum(["fixed", "exponential"]).default("exponential"),
  /** The delay before the second attempt: seconds, or `"5m"`. @default 10 s */
  delay: durationOption("addJob.retry.delay").default(10_000),
  /** The longest delay: seconds, or `"1h"`. @default 1 h */
  maxDelay: durationOption("addJob.retry.maxDelay").default(3_600_000),
  /** The random part of each delay, 0 to 1, so that many jobs do not retry at once. @default 0 */
  jitter: z.number().min(0).max(1).default(0),
});

/** The rules of a job, as users write them; what they become inside is {@link JobOptions}. */
export const jobOptionsSchema = z.strictObject({
  /**
   * Names the job; unique in the fleet. 1 to 128 letters, digits and `_ . : @ / + = ~ # % -`, spaces inside.
   * @default made of pipeline, params and trigger, so that each boot declares the same job; random for a single run
   * relative to the call (`in`)
   */
  id: jobIdSchema.optional(),
  /** For people; up to 1,000 characters. @default none */
  description: z.string().max(1_000).optional(),
  /** Up to 32 labels of up to 64 characters to filter by. @default none */
  tags: z.array(z.string().min(1).max(64)).max(32).default([]),
  /** Workers that serve this queue run the job. 1 to 64 letters, digits and `_ . -`. @default "default" */
  queue: queueNameSchema.default(DEFAULT_QUEUE),
  /** How many runs of this job may be unfinished at once, over the whole fleet: 1 to 10,000. @default 1 */
  maxInstances: z.int().min(1).max(10_000).default(1),
  /** Several occurrences due at once become one run of the latest. @default true */
  coalesce: z.boolean().default(true),
  /** How late a run may start: seconds, or `"5m"`. @default null: any delay is fine */
  misfireGraceTime: durationOption("addJob.misfireGraceTime").nullable().default(null),
  /** Without `coalesce`: how many due occurrences run at most; older ones are `missed`. 1 to 10,000. @default 1000 */
  maxCatchUp: z.int().min(1).max(10_000).default(1_000),
  /** What must be true of other jobs when a run would start: text, or made by the builders. @default null: nothing */
  condition: conditionOption.nullable().optional(),
  /** If `condition` is false: skip, or wait this long for it to become true (seconds, or `"2h"`). @default "skip" */
  conditionPolicy: z
    .union([
      z.literal("skip"),
      z.strictObject({ wait: durationOption("addJob.conditionPolicy.wait") }),
    ])
    .default("skip"),
  /**
   * With `maxInstances` runs unfinished: `skip` the new occurrence; let the latest one wait (`queue-one`); let all wait,
   * up to `maxCatchUp` (`queue-all`); or cancel the oldest run and start when it has ended (`cancel-running`).
   * @default "skip"
   */
  overlap: z.enum(["skip", "queue-one", "queue-all", "cancel-running"]).default("skip"),
  /**
   * At most `limit` runs (1 to 10,000) of all jobs of a queue that name this `key`, over the whole fleet; others wait.
   * @default null: none
   */
  concurrencyGroup: z
    .strictObject({ key: z.string().min(1).max(128), limit: z.int().min(1).max(10_000) })
    .nullable()
    .optional(),
  /** What follows a failed attempt: a number of attempts in all (2 to 1,000), or more precisely. @default null: nothing */
  retry: z
    .union([
      z
        .int()
        .min(2)
        .max(1_000)
        .transform((attempts) => retrySchema.parse({ attempts })),
      retrySchema,
    ])
    .nullable()
    .optional(),
  /** This many failed runs in a row (their retries used up) pause the job: 1 to 10,000. @default null: never */
  pauseAfterFailures: z.int().min(1).max(10_000).nullable().optional(),
  /** How long an attempt may take before its signal aborts and it fails: seconds, or `"10m"`. @default null: for ever */
  timeout: durationOption("addJob.timeout").nullable().optional(),
  /** `"process"`: each attempt runs in a child process, which can be killed. @default null: in the worker's process */
  isolate: z.literal("process").nullable().optional(),
  /** What is kept of its runs' logs. */
  logs: z
    .strictObject({
      /** Bytes a run, 0 to 16 MiB; the rest is dropped. @default 262144 */
      maxBytes: z.int().min(0).max(16_777_216).default(262_144),
      /** For how many runs, the latest ones: 1 to 100,000. @default 100 */
      runs: z.int().min(1).max(100_000).default(100),
      /** For how long: seconds, or `"7d"`. @default 7 days */
      age: durationOption("addJob.logs.age").default(7 * 86_400_000),
    })
    .prefault({}),
  /** A first run time before the trigger's own; `null` adds the job paused. @default the trigger's first time */
  nextRunTime: instantSchema.nullable().optional(),
  /** Replace a stored job of the same id instead of failing. @default false */
  replaceExisting: z.boolean().default(false),
  /** How much of the job's ledger is kept. */
  retention: z
    .strictObject({
      /** How many rows: 1 to 1,000,000. @default 1000 */
      count: z.int().min(1).max(1_000_000).default(1_000),
      /** For how long: seconds, or `"90d"`. @default 30 days */
      age: durationOption("addJob.retention.age").default(30 * 86_400_000),
    })
    .prefault({}),
});

/** Job rules after parsing, in milliseconds. */
export type JobOptions = z.output<typeof jobOptionsSchema>;
/** Job rules as users write them. */
export type JobOptionsInput = z.input<typeof jobOptionsSchema>;

/** The option names that {@link jobOptionsSchema} takes; all others belong to the trigger. */
export const JOB_OPTION_NAMES: ReadonlySet<string> = new Set(Object.keys(jobOptionsSchema.shape));

/**
 * Turns the first thing that `schema` found wrong with `input` into an error that says where, what was written, and what is
 * allowed. What is wrong with a condition is told as {@link ConditionError}.
 * @param where Names the call for the error's message, e.g. `addJob`.
 */
export function invalidOption(
  error: z.ZodError,
  where: string,
  { schema, input }: { readonly schema: z.ZodType; readonly input: unknown },
): CronduitError {
  const { path, place, what, suggestion, custom } = complain(error, schema, input);
  const at = `${where}${place && `, option "${place}"`}`;
  const inner: unknown = custom?.params?.["error"];
  if (inner instanceof ConditionError)
    return new ConditionError(`${at}: ${inner.message}`, { ...inner.data, path });
  return new CronduitError("INVALID_OPTION", `${at}: ${what}`, {
    data: { path, ...(suggestion === undefined ? {} : { suggestion }) },
  });
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
  if (!parsed.success) throw invalidOption(parsed.error, where, { schema, input });
  return parsed.data;
}
