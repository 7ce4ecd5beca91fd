import { z } from "zod";
import type { Condition } from "../conditions/condition.ts";
import { parseCondition } from "../conditions/parse.ts";
import { validateCondition } from "../conditions/schema.ts";
import { complain } from "../core/complaint.ts";
import { ConditionError, CronduitError } from "../core/errors.ts";
import { durationOption } from "./duration-option.ts";
import { instantSchema } from "../triggers/time/parse-instant.ts";
import { ownerSchema } from "./owner.ts";
import { DEFAULT_QUEUE, queueNameSchema } from "./queue.ts";

/** Keys with a special meaning in JavaScript; nobody needs a job with such a name. */
const RESERVED_IDS = new Set(["__proto__", "constructor", "prototype"]);
const JOB_ID = /^[\p{L}\p{N}_](?:[\p{L}\p{N} _.:@/+=~#%-]*[\p{L}\p{N}_.:@/+=~#%-])?$/u;

/**
 * A job id: 1 to 128 letters, digits and `_ . : @ / + = ~ # % -`, the first a letter, a digit or `_`; spaces inside.
 */
export const jobIdSchema = z
  .string()
  .min(1)
  .max(128)
  .superRefine((id, context) => {
    const problem = problemWithId(id);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  })
  .meta({
    allowed:
      "a string of 1 to 128 characters: a letter, a digit or _ first, then also . : @ / + = ~ # % - and spaces, but no space at the end",
  });

function problemWithId(id: string): string | undefined {
  if (RESERVED_IDS.has(id)) return "is a reserved word";
  if (JOB_ID.test(id)) return undefined;
  const stray = /[^\p{L}\p{N} _.:@/+=~#%-]/u.exec(id)?.[0];
  if (stray !== undefined) return `contains the character ${JSON.stringify(stray)}`;
  if (id.endsWith(" ")) return "ends with a space";
  return `begins with ${JSON.stringify(id.slice(0, 1))}`;
}

/** A condition: its text, or what the builders (`when.all(…)`) return. The latter inside. */
const conditionOption = z
  .union([z.string(), z.custom<Condition>(isObject)])
  .transform((given, context) => {
    try {
      return typeof given === "string" ? parseCondition(given) : validateCondition(given);
    } catch (error) {
      const message = error instanceof CronduitError ? error.message : "is not a condition";
      context.addIssue({ code: "custom", message, params: { error } });
      return z.NEVER;
    }
  })
  .meta({ allowed: "a condition as a string, or made with when" });

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** The revision that a job must have for a change to be made. */
export const revisionSchema = z.int().min(0);

/** Several attempts; see {@link jobOptionsSchema}. */
const retrySchema = z.strictObject({
  /** Total number of attempts, including the first: 2 to 1,000. @default 3 */
  attempts: z.int().min(2).max(1_000).default(3),
  /** Whether each delay is the same, or twice the one before. @default "exponential" */
  backoff: z.enum(["fixed", "exponential"]).default("exponential"),
  /** The delay before the second attempt: seconds, or `"5m"`. @default 10 s */
  delay: durationOption("addJob.retry.delay").default(10_000),
  /** The longest delay: seconds, or `"1h"`. @default 1 h */
  maxDelay: durationOption("addJob.retry.maxDelay").default(3_600_000),
  /** The random part of each delay, 0 to 1, so that many jobs don't retry at the same moment. @default 0 */
  jitter: z.number().min(0).max(1).default(0),
});

/** The rules of a job as users write them; parsed, they are {@link JobOptions}. */
export const jobOptionsSchema = z.strictObject({
  /**
   * The id of the job; unique in the fleet. 1 to 128 letters, digits and `_ . : @ / + = ~ # % -`, spaces inside.
   * @default derived from pipeline, params and trigger, so that each boot declares the same job; random for a single
   * run relative to the call (`in`)
   */
  id: jobIdSchema.optional(),
  /** A description for people; up to 1,000 characters. @default none */
  description: z.string().max(1_000).optional(),
  /**
   * Whose job it is, a user or a team: 1 to 64 letters, digits and `_ . @ + = ~ -`. Whoever may see the
   * things of some owners only sees no others. @default null: nobody's but the administrators'
   */
  owner: ownerSchema.nullable().optional(),
  /** Up to 32 labels of up to 64 characters to filter by. @default none */
  tags: z.array(z.string().min(1).max(64)).max(32).default([]),
  /** The queue; only workers that serve it run the job. 1 to 64 letters, digits and `_ . -`. @default "default" */
  queue: queueNameSchema.default(DEFAULT_QUEUE),
  /** Most unfinished runs of this job at any time, across the fleet: 1 to 10,000. @default 1 */
  maxInstances: z.int().min(1).max(10_000).default(1),
  /** Combines several occurrences that are due at the same time into one run of the latest. @default true */
  coalesce: z.boolean().default(true),
  /** How late a run may start: seconds, or `"5m"`. @default null: any delay is fine */
  misfireGraceTime: durationOption("addJob.misfireGraceTime").nullable().default(null),
  /** Without `coalesce`: most overdue occurrences to run; older ones are `missed`. 1 to 10,000. @default 1000 */
  maxCatchUp: z.int().min(1).max(10_000).default(1_000),
  /** What must be true of other jobs for a run to start: text, or made with `when`. @default null: nothing */
  condition: conditionOption.nullable().optional(),
  /** While `condition` is false: skip, or wait this long for it to become true (seconds, or `"2h"`). @default "skip" */
  conditionPolicy: z
    .union([
      z.literal("skip"),
      z.strictObject({ wait: durationOption("addJob.conditionPolicy.wait") }),
    ])
    .default("skip"),
  /**
   * While `maxInstances` runs are unfinished: `skip` the new occurrence; let only the latest one wait (`queue-one`);
   * let all wait, up to `maxCatchUp` (`queue-all`); or cancel the oldest run and start when it has ended
   * (`cancel-running`).
   * @default "skip"
   */
  overlap: z.enum(["skip", "queue-one", "queue-all", "cancel-running"]).default("skip"),
  /**
   * Allows at most `limit` simultaneous runs (1 to 10,000) of all jobs in the queue with the same `key`, across the
   * fleet; others wait.
   * @default null: none
   */
  concurrencyGroup: z
    .strictObject({ key: z.string().min(1).max(128), limit: z.int().min(1).max(10_000) })
    .nullable()
    .optional(),
  /** Attempts after a failed one: the total number (2 to 1,000), or an object with the details. @default null: none */
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
  /**
   * Pauses the job after this many failed runs in a row (with their retries used up): 1 to 10,000. @default null: never
   */
  pauseAfterFailures: z.int().min(1).max(10_000).nullable().optional(),
  /**
   * How long an attempt may take before its signal aborts and it fails: seconds, or `"10m"`. @default null: no limit
   */
  timeout: durationOption("addJob.timeout").nullable().optional(),
  /** `"process"` runs each attempt in a child process, which can be killed. @default null: in the worker's process */
  isolate: z.literal("process").nullable().optional(),
  /** How much of its runs' logs is kept. */
  logs: z
    .strictObject({
      /** Bytes per run, 0 to 16 MiB; the rest is dropped. @default 262144 */
      maxBytes: z.int().min(0).max(16_777_216).default(262_144),
      /** How many of the latest runs: 1 to 100,000. @default 100 */
      runs: z.int().min(1).max(100_000).default(100),
      /** For how long: seconds, or `"7d"`. @default 7 days */
      age: durationOption("addJob.logs.age").default(7 * 86_400_000),
    })
    .prefault({}),
  /** A first run before the trigger's own times; `null` adds the job paused. @default the trigger's first time */
  nextRunTime: instantSchema.nullable().optional(),
  /**
   * Whether the job may be overridden by `overrideJob`. Overrides that are there stay until they end or are taken back.
   * @default true
   */
  lockable: z.boolean().default(true),
  /**
   * Replace a stored job with the same id instead of failing. With `true`, a job that was last declared just so stays as it is;
   * `"always"` also undoes what `modifyJob` and `rescheduleJob` have changed since.
   * @default false
   */
  replaceExisting: z.union([z.boolean(), z.literal("always")]).default(false),
  /**
   * Only if the stored job has this revision, which it is then replaced with; `"none"`: only if there is no such job.
   * @default whatever is stored
   */
  ifRevision: z.union([revisionSchema, z.literal("none")]).optional(),
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

/** The option names of {@link jobOptionsSchema}; all others belong to the trigger. */
export const JOB_OPTION_NAMES: ReadonlySet<string> = new Set(Object.keys(jobOptionsSchema.shape));

/**
 * Turns the first issue that `schema` found in `input` into an error that says where, what was written, and what is
 * allowed. Issues with a condition become a {@link ConditionError}.
 * @param where Name of the call for the error's message, such as `addJob`.
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
 * Parses `input` with `schema`.
 * @param where Name of the call for the error's message, such as `addJob`.
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
