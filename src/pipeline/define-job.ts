import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CronduitError } from "../core/errors.ts";
import { definePipeline, type PipelineOptions } from "./pipeline-definition.ts";
import { Pipeline, type PipelineClass } from "./pipeline.ts";
import type { RunContext } from "./run-context.ts";
import type { ParamsSchema } from "./params-schema.ts";

// By construction, class and schema have matching types here, but inference can't see that.
const describe = definePipeline as (target: unknown, options: PipelineOptions) => unknown;

interface Named<P extends ParamsSchema> {
  /** The name by which jobs refer to it; stored with each job. */
  readonly name: string;
  /** The schema of its params. @default none: params are any JSON */
  readonly params?: P;
}

/** A job's work as a function. @template R What it returns. */
export interface FunctionJob<P extends ParamsSchema, R = unknown> extends Named<P> {
  /** Does the work, like `Pipeline.run`. */
  readonly run: (context: RunContext<P>) => R;
}

/** A job's work as a function that a module exports; for configuration files, and for `isolate: "process"`. */
export interface ModuleJob<P extends ParamsSchema> extends Named<P> {
  /** A path, relative to the working directory, or a `file:` URL. Imported on the first run. */
  readonly module: string;
  /** The name of the export. @default "default" */
  readonly export?: string;
}

/**
 * Makes a pipeline from a function: a job without a class.
 *
 * ```ts
 * const cleanUp = defineJob({ name: "clean-up", run: async ({ log }) => log.info("done") });
 * await scheduler.schedule("every 24 hours", cleanUp);
 * ```
 *
 * @returns A pipeline class, usable wherever one is expected.
 * @throws {@link CronduitError} `INVALID_PIPELINE`
 */
export function defineJob<P extends ParamsSchema = undefined, R = unknown>(
  job: FunctionJob<P, R> | ModuleJob<P>,
): PipelineClass<P, R> {
  if (typeof job !== "object" || (job as unknown) === null) {
    throw new CronduitError("INVALID_PIPELINE", "defineJob needs an object { name, run }.");
  }
  const given: unknown = job.name;
  if (given === undefined || given === "") {
    const example = ("run" in job && typeof job.run === "function" && job.run.name) || "clean-up";
    throw new CronduitError(
      "INVALID_PIPELINE",
      `defineJob: the name is missing. Jobs refer to the pipeline by its name: defineJob({ name: "${example}", run }).`,
    );
  }
  const run = "run" in job ? job.run : importedRun(job);
  if (typeof run !== "function") {
    throw new CronduitError(
      "INVALID_PIPELINE",
      `defineJob: "${job.name}" has no run function. Give one, or a module and the name of its export.`,
    );
  }
  class JobOfFunction extends Pipeline<P> {
    run(context: RunContext<P>): unknown {
      return run(context);
    }
  }
  const options = {
    name: job.name,
    ...(job.params === undefined ? {} : { params: job.params }),
    ...("run" in job ? {} : { source: sourceOf(job) }),
  };
  describe(JobOfFunction, options);
  // `describe` has added the schema.
  return JobOfFunction as unknown as PipelineClass<P, R>;
}

function sourceOf({
  module,
  export: name = "default",
}: Pick<ModuleJob<undefined>, "module" | "export">) {
  if (typeof module !== "string" || module === "") {
    throw new CronduitError("INVALID_PIPELINE", "defineJob: module must be a path or a file: URL.");
  }
  const isUrl = module.startsWith("file:");
  const url = isUrl ? module : pathToFileURL(isAbsolute(module) ? module : resolve(module)).href;
  return { module: url, export: name };
}

/** Imports the function on its first call, once. */
function importedRun<P extends ParamsSchema>(
  job: ModuleJob<P>,
): (context: RunContext<P>) => unknown {
  const source = sourceOf(job);
  let loading: Promise<(context: RunContext<P>) => unknown> | undefined;
  return async (context) => {
    // Retries a failed import: the module may exist by then.
    loading ??= load<P>(job.name, source).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return (await loading)(context);
  };
}

async function load<P extends ParamsSchema>(
  name: string,
  source: ReturnType<typeof sourceOf>,
): Promise<(context: RunContext<P>) => unknown> {
  const exports = (await import(source.module)) as Readonly<Record<string, unknown>>;
  const found = exports[source.export];
  if (typeof found === "function") return found as (context: RunContext<P>) => unknown;
  throw new CronduitError(
    "INVALID_PIPELINE",
    `Job "${name}": the module has no function named "${source.export}" among its exports.`,
    { data: { pipelineName: name } },
  );
}
