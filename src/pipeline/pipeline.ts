import type { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import type { RunContext } from "./run-context.ts";
import type { ParamsSchema } from "./params-schema.ts";
import type { StoredResult } from "./stored-result.ts";
import type { DependencyToken } from "./token.ts";

/** Marks a class as a pipeline, also when a program has loaded two copies of this package. */
const PIPELINE = Symbol.for("cronduit.Pipeline");

/** The result of `Pipeline.with`: a base class whose subclasses have this schema, for their types and at run time. */
export type PipelineWith<S extends z.ZodType> = Omit<
  typeof Pipeline,
  "prototype" | "params" | "with"
> &
  (abstract new () => Pipeline<S>) & { readonly params: S };

/**
 * The work to run. A job says when to run it, and with which params.
 *
 * Each run gets its own instance, which the worker builds from the pipeline's name and its listed dependencies; nothing
 * of an instance that was passed to `addJob` is kept.
 *
 * ```ts
 * class NightlyReport extends Pipeline.with(z.object({ region: z.string() })) {
 *   async run({ params, signal }: this["Context"]) {
 *     return { success: true, rows: await countRows(params.region, signal) };
 *   }
 * }
 * ```
 *
 * A pipeline without params extends `Pipeline` itself.
 *
 * @template P `typeof` the schema in `static params`, if it is written there instead of passed to `with`.
 */
export abstract class Pipeline<P extends ParamsSchema = undefined> {
  /**
   * The schema of this pipeline's params. Checked when a job is added, and again in the worker, which may have another
   * version of the class.
   * @default none: params are any JSON
   */
  declare static readonly params?: z.ZodType | undefined;
  /**
   * The name by which jobs refer to this pipeline. It is stored: renaming it orphans the jobs. Set it if code is
   * minified, which changes class names. Subclasses don't inherit it.
   * @default the class's name
   */
  declare static readonly pipelineName?: string | undefined;
  /**
   * Tokens of the constructor's parameters, in order. Write the list `as const` to have it checked against the
   * constructor.
   * @default none
   */
  declare static readonly deps?: readonly DependencyToken[] | undefined;
  /**
   * Where a child process finds this class; for jobs with `isolate: "process"`. Write `static override readonly module
   * = import.meta.url` and export the class. The child imports the module, so it should only define pipelines.
   * Subclasses don't inherit it.
   * @default none: it can only run in the worker's own process
   */
  declare static readonly module?: string | undefined;
  /**
   * Whether another attempt may follow one that ended with this error, if the job's `retry` allows it. Not called for
   * errors whose field `retryable` is `false`: those are final.
   * @default any error may be retried
   */
  declare static readonly retryOn?: RetryOn | undefined;
  /**
   * Whether its params can execute code, such as a command line or a script. The jobs of such a pipeline are created and
   * changed over the HTTP API only by those whom its option `allowCommands` names.
   * @default that of the parent class, else false
   */
  declare static readonly executesCode?: boolean | undefined;

  /**
   * Carries the type of the params through inference; doesn't exist at run time. A string key rather than a symbol of
   * this module, so that declarations emitted for a program can name it.
   */
  declare readonly "~params": P;

  /** The type of `run`'s argument: `run({ params }: this["Context"])`. Doesn't exist at run time. */
  declare readonly Context: RunContext<P>;

  /**
   * Does the work, at least once per occurrence: if a worker is killed, another one resumes the run under the same
   * `runId`.
   * @returns Anything, or a promise of it; stored in the ledger as JSON, truncated if large. `{ success: false, error
   * }` and an error (or a rejection) both mean that the run failed.
   */
  abstract run(context: RunContext<P>): unknown;

  /**
   * A base class for pipelines with params: it carries the schema, so that nothing else needs to name it.
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
   * @throws {@link CronduitError} `INVALID_PIPELINE` if it is not a zod schema, or if called on a subclass.
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

/** Whether it parses like a zod schema, of any copy of zod. */
export function isSchema(value: unknown): value is z.ZodType {
  return typeof Reflect.get(Object(value), "safeParse") === "function";
}

function notASchema(given: unknown): CronduitError {
  const fields = typeof given === "object" && given !== null ? Object.keys(given) : [];
  const example = `z.object({ ${fields.length === 0 ? "name: z.string()" : fields.slice(0, 5).join(", ")} })`;
  return new CronduitError(
    "INVALID_PIPELINE",
    `Pipeline.with: give a zod schema, such as ${example}. A pipeline without params extends Pipeline itself.`,
  );
}

/** A failed attempt. */
export interface FailedAttempt {
  readonly runId: string;
  readonly jobId: string;
  readonly pipelineName: string;
  /** From 1. */
  readonly attempt: number;
  /** How many attempts of the run have ended with an error, including this one. */
  readonly failures: number;
}

/** Whether another attempt may follow a failed one; see `Pipeline.retryOn`. */
export type RetryOn = (error: unknown, failed: FailedAttempt) => boolean | Promise<boolean>;

/** What `run` returns, in a form from which the compiler infers it. */
interface Returning<R> {
  run(context: never): R;
}

/**
 * A constructible class that extends {@link Pipeline}, whether or not its params are checked.
 * @template R What its `run` returns.
 */
export interface PipelineConstructor<P extends ParamsSchema = ParamsSchema, R = unknown> {
  new (...dependencies: never[]): Pipeline<P> & Returning<R>;
  readonly name: string;
  readonly params?: z.ZodType | undefined;
  readonly pipelineName?: string | undefined;
  readonly deps?: readonly DependencyToken[] | undefined;
  readonly module?: string | undefined;
  readonly retryOn?: RetryOn | undefined;
  readonly executesCode?: boolean | undefined;
}

/** A class with the schema that types its `run`: `static params`, or that of `Pipeline.with`. */
export interface HasStaticParamsOrExtendsPipelineWith {
  readonly params: z.ZodType;
}

/**
 * A constructible class that extends {@link Pipeline}. If it is typed by a schema, it must have that schema at run time
 * too, or unchecked params would reach `run`.
 */
export type PipelineClass<P extends ParamsSchema = ParamsSchema, R = unknown> = P extends undefined
  ? PipelineConstructor<P, R>
  : PipelineConstructor<P, R> & HasStaticParamsOrExtendsPipelineWith;

/** A pipeline as `addJob` accepts it: its class, an instance, or its registered name. */
export type PipelineReference<P extends ParamsSchema = ParamsSchema, R = unknown> =
  PipelineClass<P, R> | (Pipeline<P> & Returning<R>) | string;

/** The schema of the params of a pipeline class (`typeof NightlyReport`) or instance; any schema for a name. */
export type SchemaOf<R> = R extends abstract new (...dependencies: never[]) => infer I
  ? SchemaOf<I>
  : R extends { readonly "~params": infer P extends ParamsSchema }
    ? P
    : ParamsSchema;

/** What `run.result` is for a pipeline class (`typeof NightlyReport`) or instance; `unknown` for a name. */
export type ResultOf<R> = R extends abstract new (...dependencies: never[]) => infer I
  ? ResultOf<I>
  : R extends Returning<infer T>
    ? StoredResult<T>
    : unknown;

/** Whether `value` is a class that extends {@link Pipeline} and has a `run` method. */
export function isPipelineClass(value: unknown): value is PipelineConstructor {
  if (typeof value !== "function" || Reflect.get(value, PIPELINE) !== true) return false;
  const prototype: unknown = value.prototype;
  return typeof (prototype as { run?: unknown } | undefined)?.run === "function";
}
