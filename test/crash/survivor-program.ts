// A worker in a process of its own. Its one argument is JSON text of `SurvivorOptions`.
import { lineLogger, PipelineWorker } from "../../src/index.ts";
import { PostgresRuns } from "../../src/engine/postgres/postgres-runs.ts";
import { PostgresSteps } from "../../src/engine/postgres/postgres-steps.ts";
import { RedisRuns } from "../../src/engine/redis/redis-runs.ts";
import { RedisSteps } from "../../src/engine/redis/redis-steps.ts";
import { Survivor } from "./survivor.ts";

export interface SurvivorOptions {
  readonly url: string;
  readonly prefix: string;
  /** Kill yourself when an engine of this process has been asked for this, before or after it did it. */
  readonly dieAt?: { readonly call: "saveStep" | "suspend"; readonly when: "before" | "after" };
}

const options = JSON.parse(process.argv[2] ?? "{}") as SurvivorOptions;

const CALLS = {
  saveStep: { prototypes: [RedisSteps.prototype, PostgresSteps.prototype], method: "save" },
  suspend: { prototypes: [RedisRuns.prototype, PostgresRuns.prototype], method: "suspend" },
} as const;

function dieAt(call: keyof typeof CALLS, when: "before" | "after"): void {
  const { prototypes, method } = CALLS[call];
  for (const prototype of prototypes) {
    const original = Reflect.get(prototype, method) as (...given: unknown[]) => Promise<unknown>;
    Object.defineProperty(prototype, method, {
      value: async function dying(this: unknown, ...given: unknown[]) {
        if (when === "after") await original.apply(this, given);
        process.kill(process.pid, "SIGKILL");
      },
    });
  }
}

if (options.dieAt) dieAt(options.dieAt.call, options.dieAt.when);
const worker = new PipelineWorker({
  connection: options.url,
  prefix: options.prefix,
  pipelines: [Survivor],
  logger: lineLogger("warn"),
  lock: 2,
  stalledCheck: 0.5,
  maxCrashes: 2,
  drain: 0.1,
});
await worker.start();
process.send?.({ started: worker.id });
// The channel to the parent does not keep a process alive.
setInterval(() => undefined, 60_000);
