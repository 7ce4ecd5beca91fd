import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { within, systemClock } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { durationOption } from "../jobs/duration-option.ts";
import type { ParamsSchema } from "../pipeline/params-schema.ts";
import { Pipeline } from "../pipeline/pipeline.ts";
import type { RunContext } from "../pipeline/run-context.ts";
import { notConfigured, type ResolvedSettings } from "./task-settings.ts";
import { TimeLimit } from "./time-limit.ts";

/** How long a function has to end after its own limit, before it is abandoned. */
const GRACE_MS = 2_000;

/** What the task `function` takes. */
export interface FunctionParams {
  /** The module, exactly as the settings name it. */
  module: string;
  /** The name of the export. @default "default" */
  export?: string | undefined;
  /** What the function gets as `params`. @default null */
  params?: unknown;
  /** How long it may take: seconds, or `"5m"`. The job's own `timeout` holds besides. @default no limit */
  timeout?: number | string | undefined;
}

type Function = (context: RunContext<ParamsSchema>) => unknown;

/** The pipeline `function`. */
export function functionTask({ functions }: ResolvedSettings) {
  const paramsSchema = z
    .strictObject({
      module: z.string().min(1).max(4_096),
      export: z.string().min(1).max(200).default("default"),
      params: z.json().default(null),
      timeout: durationOption("task.timeout").optional(),
    })
    .superRefine(({ module, export: name }, context) => {
      const exports = Object.hasOwn(functions, module) ? functions[module] : undefined;
      if (exports?.includes(name)) return;
      const message = exports
        ? notConfigured(`the export ${JSON.stringify(name)} of this module`, name, exports)
        : notConfigured("this module", module, Object.keys(functions));
      context.addIssue({ code: "custom", path: [exports ? "export" : "module"], message });
    });

  return class FunctionTask extends Pipeline.with(paramsSchema) {
    static override readonly pipelineName = "function";
    static override readonly executesCode = true;

    async run(context: this["Context"]): Promise<unknown> {
      const { module, export: name, params, timeout } = context.params;
      const run = await load(module, name);
      if (timeout === undefined) return run(asGiven(context, { params: { value: params } }));
      using limit = new TimeLimit(context.signal, timeout, "The function");
      const { signal } = limit;
      const given = { params: { value: params }, signal: { value: signal } };
      const running = Promise.resolve(run(asGiven(context, given)));
      const returned = await untilStopped(running, signal);
      if (limit.reason) throw limit.reason;
      return returned;
    }
  };
}

/** The run's context with other fields; the rest is its own, and what is computed on demand stays so. */
function asGiven(context: object, fields: PropertyDescriptorMap): RunContext<ParamsSchema> {
  return Object.create(context, fields) as RunContext<ParamsSchema>;
}

/** What a function returns; `undefined` if it does not end when it is told to. */
async function untilStopped(running: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  let onAbort = (): void => undefined;
  const stopped = new Promise<void>((stop) => {
    onAbort = () => stop();
    if (signal.aborted) stop();
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    const ended = running.then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([ended, stopped]);
    if (!signal.aborted) return await running;
    await within(systemClock, GRACE_MS, ended);
    return undefined;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function load(module: string, name: string): Promise<Function> {
  const url = module.startsWith("file:")
    ? module
    : pathToFileURL(isAbsolute(module) ? module : resolve(module)).href;
  const exports = (await import(url)) as Readonly<Record<string, unknown>>;
  const found = Object.hasOwn(exports, name) ? exports[name] : undefined;
  if (typeof found === "function") return found as Function;
  throw new CronduitError(
    "INVALID_PIPELINE",
    `The module ${JSON.stringify(module)} has no function ${JSON.stringify(name)} among its exports.`,
    { data: { module, export: name } },
  );
}
