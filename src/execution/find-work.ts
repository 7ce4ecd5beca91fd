import { CronduitError } from "../core/errors.ts";
import { describePipeline, type PipelineDescriptor } from "../pipeline/pipeline-definition.ts";
import { isPipelineClass, Pipeline } from "../pipeline/pipeline.ts";
import type { RunContext } from "../pipeline/run-context.ts";
import type { AttemptWork } from "./attempt.ts";
import type { ToChild } from "./child-protocol.ts";

type Start = ToChild & { cronduit: "start" };

/**
 * Imports the module of a run's pipeline and finds the pipeline in it.
 * @throws {@link CronduitError} `MISSING_MODULE` if it can't be imported, or has no such pipeline.
 */
export async function findWork(start: Start): Promise<AttemptWork> {
  const { source, info } = start;
  const exports = await load(source.module, info.pipelineName);
  const { export: name } = source;
  if (name === undefined) {
    const found = Object.values(exports).map((value) => asPipeline(value, start));
    const descriptor = found.find((one) => one !== undefined);
    if (descriptor) return workOf(descriptor, start);
    throw missing(info.pipelineName, "exports no pipeline of this name. Export its class");
  }
  const value = exports[name];
  if (isPipelineClass(value)) {
    return workOf(describePipeline(value, { name: info.pipelineName }), start);
  }
  if (typeof value === "function") {
    const known = Object.values(exports)
      .map(described)
      .find((one) => one?.name === info.pipelineName);
    return functionWork(value as RunFunction, known, start);
  }
  throw missing(info.pipelineName, `exports no class and no function named "${name}"`);
}

async function load(module: string, pipeline: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(module)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw missing(pipeline, `can't be imported: ${why}`, error);
  }
}

/** The class, if its pipeline name or its own name matches. */
function asPipeline(value: unknown, { info, className }: Start): PipelineDescriptor | undefined {
  const found = described(value);
  if (!found) return undefined;
  if (found.name !== info.pipelineName && found.pipeline.name !== className) return undefined;
  return { ...found, name: info.pipelineName };
}

function described(value: unknown): PipelineDescriptor | undefined {
  if (!isPipelineClass(value)) return undefined;
  try {
    return describePipeline(value);
  } catch {
    return undefined;
  }
}

type RunFunction = (context: RunContext) => unknown;

/** Uses a schema that is available here; otherwise the run brought the parsed params along. */
function workOf(descriptor: PipelineDescriptor, { info, output }: Start): AttemptWork {
  if (descriptor.params !== undefined) return { descriptor, container: undefined };
  if (!("value" in output))
    throw new CronduitError(
      "INVALID_PARAMS",
      `The params of pipeline "${info.pipelineName}", as its schema gives them, can't be sent to a child process: ${output.problem}. Let its module export the pipeline together with the schema, e.g. what defineJob returns.`,
      { data: { pipelineName: info.pipelineName } },
    );
  return { descriptor, container: undefined, output };
}

/** @param known A pipeline of the same name that its module also exports; its schema is used. */
function functionWork(
  run: RunFunction,
  known: PipelineDescriptor | undefined,
  start: Start,
): AttemptWork {
  class FunctionPipeline extends Pipeline {
    run(context: RunContext): unknown {
      return run(context);
    }
  }
  const descriptor = describePipeline(FunctionPipeline, {
    name: start.info.pipelineName,
    params: known?.params,
  });
  return workOf(descriptor, start);
}

function missing(pipeline: string, what: string, cause?: unknown): CronduitError {
  return new CronduitError(
    "MISSING_MODULE",
    `Pipeline "${pipeline}" can't run in a child process: its module ${what}.`,
    { data: { pipelineName: pipeline }, cause },
  );
}
