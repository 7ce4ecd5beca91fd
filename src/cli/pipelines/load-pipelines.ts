import { type Clock, systemClock, within } from "../../core/clock.ts";
import { formatDuration } from "../../core/durations.ts";
import { isCronduitError } from "../../core/errors.ts";
import { describePipeline } from "../../pipeline/pipeline-definition.ts";
import type { PipelineClass } from "../../pipeline/pipeline.ts";
import { CliError } from "../cli-error.ts";
import { ModuleFile } from "./module-file.ts";
import { importer, type Importer } from "./importer.ts";
import { pipelinesIn } from "./pipelines-in.ts";
import { whyNotLoaded } from "./why-not-loaded.ts";

/** A database that does not answer may take a while; somebody who waits for a verdict does not. */
const LIMIT_MS = 30_000;

/** How to load modules with pipelines. */
export interface LoadOptions {
  /** What paths are relative to. */
  readonly cwd: string;
  /** Pipelines whose names are taken. @default none */
  readonly besides?: readonly PipelineClass[];
  /** How long each module has. */
  readonly limitMs?: number;
  readonly clock?: Clock;
}

/**
 * The pipelines that modules export, in TypeScript or JavaScript, as ES modules or CommonJS: as the default export, as named ones, or
 * in a list.
 * @throws {@link CliError} `PIPELINES_NOT_LOADED`
 */
export async function loadPipelines(
  paths: readonly string[],
  { cwd, besides = [], limitMs = LIMIT_MS, clock = systemClock }: LoadOptions,
): Promise<PipelineClass[]> {
  if (paths.length === 0) return [];
  const files: ModuleFile[] = [];
  for (const path of paths) files.push(await ModuleFile.open(path, cwd));
  const load = await importer(files, cwd);
  const places = new Map(besides.map((each) => [describePipeline(each).name, "cronduit itself"]));
  const loaded = new Set<PipelineClass>();
  for (const file of files) {
    const exports = await imported(file, load, { cwd, limitMs, clock });
    for (const [pipeline, name] of pipelinesIn(exports, file)) {
      if (loaded.has(pipeline)) continue;
      loaded.add(pipeline);
      claim(pipeline, file.placeOf(name), places);
    }
  }
  return [...loaded];
}

async function imported(
  file: ModuleFile,
  load: Importer,
  { cwd, limitMs, clock }: Required<Omit<LoadOptions, "besides">>,
): Promise<object> {
  let module: { readonly exports: object } | undefined;
  try {
    module = await within(
      clock,
      limitMs,
      load(file.path).then((exports) => ({ exports })),
    );
  } catch (error) {
    throw await whyNotLoaded(file, error, cwd);
  }
  if (module) return module.exports;
  throw new CliError(
    "PIPELINES_NOT_LOADED",
    `${file.name} has not ended loading after ${formatDuration(limitMs)}.`,
    "A module should only define pipelines. Does it wait for something at its top level?",
  );
}

/** A name belongs to one pipeline. */
function claim(pipeline: PipelineClass, place: string, places: Map<string, string>): void {
  const name = nameOf(pipeline, place);
  const other = places.get(name);
  places.set(name, place);
  if (other === undefined) return;
  throw new CliError(
    "PIPELINES_NOT_LOADED",
    `Two pipelines have the name "${name}": one of ${other}, and one at ${place}.`,
    'Give one of them another: static readonly pipelineName = "…".',
  );
}

function nameOf(pipeline: PipelineClass, place: string): string {
  try {
    return describePipeline(pipeline).name;
  } catch (error) {
    if (!isCronduitError(error)) throw error;
    throw new CliError("PIPELINES_NOT_LOADED", `${place}: ${error.message}`, "", { cause: error });
  }
}
