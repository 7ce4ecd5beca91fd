import type { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import type { RunContext } from "./run-context.ts";
import type { ParamsSchema } from "./schema.ts";
import type { DependencyToken } from "./token.ts";

/** Marks a class as a pipeline, also when a program has loaded two copies of this package. */
const PIPELINE = Symbol.for("cronduit.Pipeline");

/** What `Pipeline.with` gives: a base whose subclasses have this schema, for their types and at run time. */
export type PipelineWith<S extends z.ZodType> = Omit<
  typeof Pipeline,
  "prototype" | "params" | "with"
> &
  (abstract new () => Pipeline<S>) & { readonly params: S };

/**
 * What is to be run. A job says when, and with which params.
 *
 * Each run gets an instance of its own, built by the worker from the pipeline's name and the dependencies that it
 * lists; nothing of an instance that was passed to `addJob` travels.
 *
 * ```ts
 * class NightlyReport extends Pipeline.with(z.object({ region: z.string() })) {
 *   async run({ params, signal }: this["Context"]) {
 *     return { success: true, rows: await countRows(params.region, signal) };
 *   }
 * }
 * ```
 *
 * One without params extends `Pipeline` itself.
 *
 * @template P `typeof` the schema in `static params`, where it is written there and not given to `with`.
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
   * The type of what `run` is given: `run({ params }: this["Context"])`. There is no such field at run time.
   */
  declare readonly Context: RunContext<P>;

  /**
   * Does the work, at least once per occurrence: a killed worker's run is taken up again under the same `runId`.
   * @returns Anything, or a promise of it; kept in the ledger as JSON, cut if large. `{ success: false, error }` and a
   * throw (or a rejection) both mean that the run failed.
   */
  abstract run(context: RunContext<P>): unknown;

  /**
   * A base for pipelines with params: it carries the schema, so that nothing else needs to name it.
   *
   * ```ts
   * class Greet extends Pipeline.with(z.object({ name: z.string() })) {
   *   run({ params, log }: this["Context"]) {
   *     log.info(`Hello ${params.name}`);
   *   }
   * }
   * ```
   *
   * @param schema Checked when a job is added, and again in the worker.
   * @throws {@link CronduitError} `INVALID_PIPELINE` if it is no zod schema, or if it is called on a subclass.
   */
  static with<S extends z.ZodType>(schema: S): PipelineWith<S> {
    // A subclass's own `run` was written for other params.
    if (this !== Pipeline) {
      throw new CronduitError(
        "INVALID_PIPELINE",
        `${this.name}.with: a subclass can't be given another schema. Write Pipeline.with(schema), or \`static params\` in a class that extends "${this.name}".`,
      );
    }
    if (!isSchema(schema)) throw notASchema(schema);
    abstract class PipelineWithParams extends Pipeline<S> {
      static override readonly params = schema;
    }
    return PipelineWithParams;
  }

  static {
    Object.defineProperty(this, PIPELINE, { value: true });
  }
}

/** Whether it parses as a zod schema does, of whatever copy of zod. */
export function isSchema(value: unknown): value is z.ZodType {
  return typeof Reflect.get(Object(value), "safeParse") === "function";
}

function notASchema(given: unknown): CronduitError {
  const fields = typeof given === "object" && given !== null ? Object.keys(given) : [];
  const example = `z.object({ ${fields.length === 0 ? "name: z.string()" : fields.slice(0, 5).join(", ")} })`;
  return new CronduitError(
    "INVALID_PIPELINE",
    `Pipeline.with: a zod schema is needed, such as ${example}. A pipeline without params extends Pipeline itself.`,
  );
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

/** A class that extends {@link Pipeline} and can be constructed; whether its params are checked is not seen. */
export interface PipelineConstructor<P extends ParamsSchema = ParamsSchema> {
  new (...dependencies: never[]): Pipeline<P>;
  readonly name: string;
  readonly params?: z.ZodType | undefined;
  readonly pipelineName?: string | undefined;
  readonly deps?: readonly DependencyToken[] | undefined;
  readonly module?: string | undefined;
  readonly retryOn?: RetryOn | undefined;
}

/** A class that has the schema that its `run` is typed by: `static params`, or that of `Pipeline.with`. */
export interface HasStaticParamsOrExtendsPipelineWith {
  readonly params: z.ZodType;
}

/**
 * A class that extends {@link Pipeline} and can be constructed. One that is typed by a schema must have it at run time too:
 * else params would reach `run` that nothing has checked.
 */
export type PipelineClass<P extends ParamsSchema = ParamsSchema> = P extends undefined
  ? PipelineConstructor<P>
  : PipelineConstructor<P> & HasStaticParamsOrExtendsPipelineWith;

/** A pipeline as `addJob` takes it: its class, an instance of it, or its registered name. */
export type PipelineReference<P extends ParamsSchema = ParamsSchema> =
  PipelineClass<P> | Pipeline<P> | string;

/** The schema of a pipeline's params, of its class (`typeof NightlyReport`) or instance; any where a name stands. */
export type SchemaOf<R> = R extends abstract new (...dependencies: never[]) => infer I
  ? SchemaOf<I>
  : R extends { readonly "~params": infer P extends ParamsSchema }
    ? P
    : ParamsSchema;

/** Whether `value` is a class that extends {@link Pipeline} and has a `run` method. */
export function isPipelineClass(value: unknown): value is PipelineConstructor {
  if (typeof value !== "function" || Reflect.get(value, PIPELINE) !== true) return false;
  const prototype: unknown = value.prototype;
  return typeof (prototype as { run?: unknown } | undefined)?.run === "function";
}
