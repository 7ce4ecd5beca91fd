// A worker in a process of its own. Its one argument is JSON text of `SurvivorOptions`.
import { lineLogger, PipelineWorker } from "../../src/index.ts";
import { PostgresEngine } from "../../src/engine/postgres/postgres-engine.ts";
import { RedisEngine } from "../../src/engine/redis/redis-engine.ts";
import { Survivor } from "./survivor.ts";

export interface SurvivorOptions {
  readonly url: string;
  readonly prefix: string;
  /** Kill yourself when an engine of this process has been asked for this, before or after it did it. */
  readonly dieAt?: { readonly call: "saveStep" | "suspend"; readonly when: "before" | "after" };
}

const options = JSON.parse(process.argv[2] ?? "{}") as SurvivorOptions;

function dieAt(call: "saveStep" | "suspend", when: "before" | "after"): void {
  for (const { prototype } of [RedisEngine, PostgresEngine]) {
    const original = prototype[call] as (...given: unknown[]) => Promise<unknown>;
    Object.defineProperty(prototype, call, {
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
