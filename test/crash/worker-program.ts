// A worker in its own process. Its one argument is `WorkerProgramOptions` as JSON; it starts taking runs on `{ go: true
// }`, so that a test can have it ready beforehand.
import { type Clock, type Logger, PipelineWorker, systemClock } from "../../src/index.ts";
import { makeEngine } from "../../src/engine/open-engine.ts";
import type { Engine } from "../../src/engine/port/engine.ts";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";
import { WorkerRuntime } from "../../src/worker/worker-runtime.ts";
import { recorder, release } from "./pipelines.ts";
import { appendLine } from "./run-file.ts";
import { engineWith } from "../helpers/engine-with.ts";

/** The steps of a run between which its process may die. */
export type Step = "take" | "admitted" | "mid-run" | "before settle" | "settled";

export interface WorkerProgramOptions {
  readonly url: string;
  readonly prefix: string;
  readonly file: string;
  readonly pipelines: readonly string[];
  readonly lockMs: number;
  readonly stalledCheckMs: number;
  readonly concurrency: number;
  readonly maxCrashes: number;
  readonly drainMs: number;
  readonly timeoutMs: number;
  /** Added to this process's clock. */
  readonly clockOffsetMs: number;
  /** Kill yourself at this step when it is reached for the `nth` time. */
  readonly dieAt?: { readonly step: Step; readonly nth: number };
}

let passed = 0;
const options = JSON.parse(process.argv[2] ?? "{}") as WorkerProgramOptions;
const pipelines = options.pipelines.map((name) =>
  recorder(name, options.file, () => dieAt("mid-run")),
);

function shifted(offsetMs: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + offsetMs };
}

function textOf(error: unknown): string | undefined {
  return error instanceof Error ? error.message : undefined;
}

const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message, fields) => process.send?.({ log: message, error: textOf(fields?.["error"]) }),
  error: (message) => process.send?.({ log: message }),
};

const clock = shifted(options.clockOffsetMs);
if (options.clockOffsetMs !== 0) {
  // BullMQ and ioredis read the time themselves.
  const real = Date.now;
  Date.now = () => real() + options.clockOffsetMs;
}

function dieAt(step: Step): void {
  if (options.dieAt?.step !== step) return;
  passed += 1;
  if (passed < options.dieAt.nth) return;
  appendLine(options.file, { what: "dead" });
  process.kill(process.pid, "SIGKILL");
}

/** The engine itself, except that the process dies at one step. */
function dying(engine: Engine): Engine {
  const { runs, queue } = engine;
  return engineWith(engine, {
    runs: {
      async admit(request) {
        dieAt("take");
        const admission = await runs.admit(request);
        if (admission.outcome === "run") dieAt("admitted");
        return admission;
      },
      async settle(request) {
        dieAt("before settle");
        const settlement = await runs.settle(request);
        dieAt("settled");
        return settlement;
      },
    },
    queue: {
      consume: (given) =>
        queue.consume({
          ...given,
          handle: (queueJob) => {
            // It was admitted in the step that took its queue job.
            if (queueJob.begun) dieAt("admitted");
            return given.handle(queueJob);
          },
        }),
    },
  });
}

function runtimeOf(engine: Engine): WorkerRuntime {
  return new WorkerRuntime({
    engine,
    registry: new PipelineRegistry(pipelines),
    container: undefined,
    clock,
    logger,
    queues: ["default"],
    concurrency: options.concurrency,
    lockMs: options.lockMs,
    stalledCheckMs: options.stalledCheckMs,
    maxCrashes: options.maxCrashes,
  });
}

async function start(): Promise<string> {
  if (options.dieAt) {
    const engine = makeEngine({
      connection: options.url,
      prefix: options.prefix,
      clock,
      logger,
      timeoutMs: options.timeoutMs,
    });
    await engine.open();
    const runtime = runtimeOf(dying(engine));
    await runtime.start();
    return runtime.id;
  }
  const worker = new PipelineWorker({
    connection: options.url,
    prefix: options.prefix,
    pipelines,
    clock,
    logger,
    concurrency: options.concurrency,
    lock: options.lockMs / 1_000,
    stalledCheck: options.stalledCheckMs / 1_000,
    maxCrashes: options.maxCrashes,
    drain: options.drainMs / 1_000,
    timeout: options.timeoutMs / 1_000,
  });
  await worker.start();
  return worker.id;
}

process.on("message", (message: { go?: boolean; release?: boolean }) => {
  if (message.release) release();
  if (message.go) void start().then((worker) => process.send?.({ started: worker }));
});
// The channel to the parent does not keep a process alive.
setInterval(() => undefined, 60_000);
process.send?.({ ready: true });
