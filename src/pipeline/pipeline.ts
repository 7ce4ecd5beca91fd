import type { z } from "zod";
import type { RunContext } from "./run-context.ts";
import type { ParamsSchema } from "./schema.ts";
import type { DependencyToken } from "./token.ts";

/** Marks a class as a pipeline, also when a program has loaded two copies of this package. */
const PIPELINE = Symbol.for("cronduit.Pipeline");

/**
 * What is to be run. A job says when, and with which params.
 *
 * Each run gets an instance of its own, built by the worker from the pipeline's name and the dependencies that it
 * lists; nothing of an instance that was passed to `addJob` travels.
 *
 * ```ts
 * const Params = z.object({ region: z.string() });
 *
 * class NightlyReport extends Pipeline<typeof Params> {
 *   static override readonly params = Params;
 *   async run({ params, signal }: RunContext<typeof Params>) {
 *     return { success: true, rows: await countRows(params.region, signal) };
 *   }
 * }
 * ```
 *
 * @template P `typeof` the schema in `params`; left out when there is none.
 */
export abstract class Pipeline<P extends ParamsSchema = undefined> {
  /**
   * The schema of this pipeline's params: checked when a job is added, and again in the worker, whose version of the
   * class may be another.
   * @default none: params are any JSON
   */
  declare static readonly params?: z.ZodType | undefined;
  /**
   * The name under which jobs refer to this pipeline. It is stored: renaming it orphans the jobs. Set it where code is
   * minified, which changes class names. A subclass does not inherit it.
   * @default the class's name
   */
  declare static readonly pipelineName?: string | undefined;
  /**
   * Tokens of what the constructor takes, in its order; write the list `as const` to have it checked against the
   * constructor.
   * @default none
   */
  declare static readonly deps?: readonly DependencyToken[] | undefined;
  /**
   * Where a child process finds this class; for jobs with `isolate: "process"`. Write
   * `static override readonly module = import.meta.url` and export the class. The child imports the module, so it should do
   * nothing else than to define pipelines. A subclass does not inherit it.
   * @default none: it can only run in the worker's own process
   */
  declare static readonly module?: string | undefined;
  /**
   * Whether an attempt that ended with this error may be followed by another, when the job's `retry` allows one. Not
   * asked about errors whose field `retryable` is `false`: those are final.
   * @default every error may
   */
  declare static readonly retryOn?: RetryOn | undefined;

  /**
   * Carries the params' type through inference; there is no such field at run time. A text and no symbol of this module, so
   * that declarations of a program's own can name it.
   */
  declare readonly "~params": P;

  /**
   * Does the work, at least once per occurrence: a killed worker's run is taken up again under the same `runId`.
   * @returns Anything, or a promise of it; kept in the ledger as JSON, cut if large. `{ success: false, error }` and a
   * throw (or a rejection) both mean that the run failed.
   */
  abstract run(context: RunContext<P>): unknown;

  static {
    Object.defineProperty(this, PIPELINE, { value: true });
  }
}

/** Which attempt failed. */
export interface FailedAttempt {
  readonly runId: string;
  readonly jobId: string;
  readonly pipelineName: string;
  /** From 1. */
  readonly attempt: number;
  /** How many attempts of the run ended with an error, this one included. */
  readonly failures: number;
}

/** Tells whether a failed attempt may be followed by another; see `Pipeline.retryOn`. */
export type RetryOn = (error: unknown, failed: FailedAttempt) => boolean | Promise<boolean>;

/** A class that extends {@link Pipeline} and can be constructed. */
export interface PipelineClass<P extends ParamsSchema = ParamsSchema> {
  new (...dependencies: never[]): Pipeline<P>;
  readonly name: string;
  readonly params?: z.ZodType | undefined;
  readonly pipelineName?: string | undefined;
  readonly deps?: readonly DependencyToken[] | undefined;
  readonly module?: string | undefined;
  readonly retryOn?: RetryOn | undefined;
}

/** Whether `value` is a class that extends {@link Pipeline} and has a `run` method. */
export function isPipelineClass(value: unknown): value is PipelineClass {
  if (typeof value !== "function" || Reflect.get(value, PIPELINE) !== true) return false;
  const prototype: unknown = value.prototype;
  return typeof (prototype as { run?: unknown } | undefined)?.run === "function";
}
