import { classOf } from "../../pipeline/pipeline-definition.ts";
import { isPipelineClass, Pipeline, type PipelineClass } from "../../pipeline/pipeline.ts";
import { CliError } from "../cli-error.ts";
import type { ModuleFile } from "./module-file.ts";

const WANTED = "a class that extends Pipeline and has a run method";
const MAX_TOLD = 10;

/** The pipelines that a module exports, each with the name of its export. */
export type ExportedPipelines = ReadonlyMap<PipelineClass, string>;

/**
 * Looks for pipelines among exports: classes, and lists of classes. Whatever else is exported is nobody's concern, unless it was
 * meant as a pipeline.
 * @throws {@link CliError} `PIPELINES_NOT_LOADED` if there is none, or something is almost one
 */
export function pipelinesIn(exports: object, file: ModuleFile): ExportedPipelines {
  const found = new Map<PipelineClass, string>();
  const others = new Map<string, unknown>();
  for (const [name, value] of entriesOf(exports)) {
    const isList = Array.isArray(value) && value.some((each) => isPipelineClass(each));
    for (const [i, each] of (isList ? (value as readonly unknown[]) : [value]).entries()) {
      if (isPipelineClass(each)) found.set(each as PipelineClass, name);
      else if (isList)
        throw almost(file, name, `${name}[${i}] is ${kindOf(each)}, and the others are pipelines`);
      else others.set(name, each);
    }
  }
  for (const [name, value] of others) {
    const problem = problemWith(value, [...found.keys()]);
    if (problem !== undefined) throw almost(file, name, `the export ${name} is ${problem}`);
  }
  if (found.size > 0) return found;
  const told = [...others].slice(0, MAX_TOLD).map(([name, value]) => `${name} (${kindOf(value)})`);
  const all = `${told.join(", ")}${others.size > MAX_TOLD ? ", …" : ""}`;
  throw new CliError(
    "PIPELINES_NOT_LOADED",
    `${file.name} exports no pipeline: ${told.length === 0 ? "it has no exports" : `it has ${all}`}.`,
    `Export ${WANTED}, or defineJob(…).`,
  );
}

/** Of CommonJS, `module.exports` may be the pipeline itself. */
function entriesOf(exports: object): readonly (readonly [string, unknown])[] {
  const isWhole = typeof exports === "function" || Array.isArray(exports);
  return isWhole ? [["default", exports]] : Object.entries(exports);
}

/** What is wrong with something that was meant as a pipeline; `undefined` if it was not. */
function problemWith(value: unknown, found: readonly PipelineClass[]): string | undefined {
  if (typeof value === "object" && classOf(value) !== undefined)
    return "an instance of a pipeline; export its class";
  if (typeof value !== "function" || !inherits(value, Pipeline)) return undefined;
  const isBase = value === Pipeline || found.some((each) => inherits(each, value));
  return isBase ? undefined : "a class that extends Pipeline but has no run method";
}

function inherits(value: unknown, parent: unknown): boolean {
  for (let at = value; typeof at === "function"; at = Object.getPrototypeOf(at) as unknown)
    if (at === parent) return true;
  return false;
}

function almost(file: ModuleFile, name: string, problem: string): CliError {
  return new CliError(
    "PIPELINES_NOT_LOADED",
    `${file.placeOf(name)}: ${problem}.`,
    `A pipeline is ${WANTED}.`,
  );
}

function kindOf(value: unknown): string {
  if (Array.isArray(value))
    return value.length === 0 ? "an empty list" : "a list without pipelines";
  if (value === null || value === undefined) return String(value);
  if (typeof value === "object") return "an object";
  if (typeof value !== "function") return `a ${typeof value}`;
  return /^class\b/.test(Function.prototype.toString.call(value))
    ? "a class that does not extend Pipeline"
    : "a function";
}
