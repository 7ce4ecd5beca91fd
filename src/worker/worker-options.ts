import type { DependencyContainer } from "../pipeline/injection.ts";
import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { CronduitError } from "../core/errors.ts";
import { connectionSchema } from "../engine/connection-schema.ts";
import { type ConnectionOption, placeOf, prefixSchema } from "../engine/open-engine.ts";
import { durationOption } from "../jobs/duration-option.ts";
import { DEFAULT_QUEUE, queueNameSchema } from "../jobs/queue.ts";
import type { Registrable } from "../pipeline/registry.ts";

const loggerSchema = z
  .custom<Logger>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      typeof Reflect.get(value, "warn") === "function",
  )
  .meta({
    alsoCalled: ["log"],
    allowed: "an object with the methods debug, info, warn and error, such as console",
  });

/** How long an end takes as a whole: less than the 30 s after which Kubernetes kills a container. */
export const drainSchema = durationOption("drain").default(25_000);

function isClock(value: unknown): boolean {
  const methods = ["now", "elapsed", "after"];
  return (
    typeof value === "object" &&
    value !== null &&
    methods.every((name) => typeof Reflect.get(value, name) === "function")
  );
}

/** Options that a scheduler and a worker share, beside `connection`. */
export const commonShape = {
  prefix: prefixSchema,
  pipelines: z
    .array(
      z
        .custom<Registrable>((value) => value !== null && value !== undefined)
        .meta({ allowed: "a pipeline class, an instance of one, or what defineJob returned" }),
    )
    .meta({ alsoCalled: ["jobs", "tasks", "handlers", "processors"] })
    .default([]),
  container: z
    .custom<DependencyContainer>((value) => typeof value === "object" && value !== null)
    .meta({ allowed: "a container of tsyringe" })
    .optional(),
  logger: loggerSchema.optional(),
  clock: z
    .custom<Clock>(isClock)
    .meta({ allowed: "an object with the methods now, elapsed and after" })
    .optional(),
  timeout: durationOption("timeout").default(10_000),
  migrate: z.boolean().default(true),
};

/** Schema of {@link WorkerTuning}. */
export const workerTuningSchema = z.strictObject({
  queues: z
    .array(queueNameSchema)
    .min(1)
    .max(64)
    .refine((names) => new Set(names).size === names.length, "names a queue twice")
    .default([DEFAULT_QUEUE]),
  concurrency: z.int().min(1).max(10_000).default(10),
  lock: durationOption("lock").default(15_000),
  stalledCheck: durationOption("stalledCheck").default(5_000),
  maxCrashes: z.int().min(1).max(100).default(3),
  rateLimit: z
    .strictObject({
      max: z.int().min(1).max(1_000_000),
      per: durationOption("rateLimit.per"),
    })
    .optional(),
  redact: z.array(z.string().min(1).max(200)).max(200).default([]),
  captureConsole: z.boolean().default(false),
});

/** How a worker works. */
export interface WorkerTuning {
  /** The queues whose jobs are run here: 1 to 64 names, without `default` unless it is named. @default ["default"] */
  queues?: string[] | undefined;
  /** Runs at once in this process, on each of its queues. 1 to 10,000. @default 10 */
  concurrency?: number | undefined;
  /** How long a run stays with a worker that no longer responds: seconds, or `"15s"`. 1 s to 1 h. @default 15 s */
  lock?: number | string | undefined;
  /** How often to look for the runs of dead workers: seconds, or `"5s"`. 0.5 s to 10 min. @default 5 s */
  stalledCheck?: number | string | undefined;
  /** How often a run may be started if its process dies each time. 1 to 100. @default 3 */
  maxCrashes?: number | undefined;
  /**
   * Starts at most `max` runs per `per` (seconds, or `"1m"`; up to a day) on each queue, counted across all its workers; set
   * the same value on every one. Excess runs wait. Every queue job that a worker takes counts: also one whose occurrence is
   * skipped, that resumes a run (after a retry delay or a sleep), or that wakes queued runs.
   * @default no bound
   */
  rateLimit?: { max: number; per: number | string } | undefined;
  /**
   * Fields of log lines that are masked, by their paths: `"password"`, `"user.token"`, `"*.secret"`, `"items[*].key"`.
   * Params that their schema marks by `.meta({ secret: true })` are masked without it.
   * @default none
   */
  redact?: string[] | undefined;
  /** Whether a run's console output is kept in its log, too. @default false */
  captureConsole?: boolean | undefined;
}

/** Tuning as the runtime takes it, the unit in each name. */
export function runtimeTuning(tuning: z.output<typeof workerTuningSchema>) {
  return {
    queues: tuning.queues,
    concurrency: tuning.concurrency,
    lockMs: tuning.lock,
    stalledCheckMs: tuning.stalledCheck,
    maxCrashes: tuning.maxCrashes,
    limit: tuning.rateLimit && { max: tuning.rateLimit.max, perMs: tuning.rateLimit.per },
    redact: tuning.redact,
    captureConsole: tuning.captureConsole,
  };
}

/** Schema of {@link PipelineWorkerOptions}. */
export const workerOptionsSchema = z.strictObject({
  ...commonShape,
  ...workerTuningSchema.shape,
  connection: connectionSchema,
  drain: drainSchema,
  signals: z
    .array(z.enum(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"]))
    .default(["SIGTERM", "SIGINT"]),
});

/**
 * Refuses an in-memory connection: whatever a scheduler stores in its own memory never reaches a separate worker.
 * @throws {@link CronduitError} `INVALID_OPTION`
 */
export function refuseMemory(connection: ConnectionOption): void {
  const place = placeOf(connection);
  if (place.kind !== "memory") return;
  throw new CronduitError(
    "INVALID_OPTION",
    'new PipelineWorker, option "connection": what a scheduler keeps in memory only it can see, and it executes runs itself; a worker needs redis:// or postgres://.',
    { data: { path: "connection" } },
  );
}

/** Options that {@link PipelineWorker} and `PipelineScheduler` share. */
export interface CommonOptions {
  /** Begins every key; two fleets on one server need two. 1 to 64 letters, digits, `_ . -`. @default "cronduit" */
  prefix?: string | undefined;
  /** The pipelines that are known here: classes, instances, or `{ pipeline, name, params, deps }`. @default none */
  pipelines?: readonly Registrable[] | undefined;
  /** The tsyringe container that dependencies come from; each run has a child of it. @default tsyringe's own */
  container?: DependencyContainer | undefined;
  /** Where to report, and where `log` of runs goes; `console` fits. @default lines on standard error, from `info` on */
  logger?: Logger | undefined;
  /**
   * Stands in for this process's clock and timers, in tests. It does not move the server's clock, which decides when
   * something is due.
   * @default the machine's
   */
  clock?: Clock | undefined;
  /** How long a call waits for the server before it fails with `CONNECTION_FAILED`: seconds, or `"10s"`. @default 10 s */
  timeout?: number | string | undefined;
  /**
   * Whether the start may bring the schema of PostgreSQL to the version of this package. `false`: it fails with
   * `SCHEMA_OUTDATED` if the schema is missing or older, and needs no right to create; see {@link migrate}. @default true
   */
  migrate?: boolean | undefined;
}

/** Options of {@link PipelineWorker}. */
export interface PipelineWorkerOptions extends CommonOptions, WorkerTuning {
  /**
   * The server: `redis://…`, `rediss://…`, `postgres://…`, ioredis' options, or `{ cluster: [{ host, port }, …] }`. A variable
   * such as `process.env.REDIS_URL` can be passed directly: an unset or empty one is refused.
   */
  connection: ConnectionOption | undefined;
  /**
   * How long `stop()` may take, including one by a signal, whatever the server does: seconds, or `"25s"`. Runs may continue
   * until five seconds before that; the rest is for aborting those that don't end by themselves. Less than 5 s counts as
   * 5 s, without waiting for runs. @default 25 s
   */
  drain?: number | string | undefined;
  /** Signals that make the worker drain and the process end. `[]` for none. @default ["SIGTERM", "SIGINT"] */
  signals?: ("SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT")[] | undefined;
}
