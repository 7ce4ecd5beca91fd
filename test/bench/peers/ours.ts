import { Queue, Worker } from "bullmq";
import type * as Package from "../../../src/index.ts";
import { callMany, CONCURRENCY, EVERY_MINUTE, type OnRun, type Peer } from "./peer.ts";

const KEEP_NONE = { removeOnComplete: true, removeOnFail: true };
const ignore = (): void => undefined;
const logger = { debug: ignore, info: ignore, warn: console.error, error: console.error };

/** This package, as it is published. */
export async function cronduitPeer(connection: string, onRun: OnRun): Promise<Peer> {
  const built = new URL("../../../dist/index.js", import.meta.url).href;
  const { Pipeline, PipelineScheduler } = (await import(built)) as typeof Package;
  const pipeline = class extends Pipeline {
    run() {
      onRun();
    }
  };
  const scheduler = new PipelineScheduler({
    connection,
    pipelines: [{ pipeline, name: "nothing" }],
    timeout: "10m",
    worker: { concurrency: CONCURRENCY },
    logger,
  });
  const add = (count: number, options: (n: number) => Package.AddJobOptions) => {
    const each = (_: unknown, n: number) => ({ pipeline: "nothing", options: options(n) });
    return scheduler.addJobs(Array.from({ length: count }, each));
  };
  return {
    open: async () => void (await scheduler.getJobs()),
    fill: async (count) => {
      const runDate = new Date();
      await add(count, (n) => ({ id: `once-${n}`, trigger: "date", runDate }));
    },
    start: () => scheduler.start(),
    schedule: async (count) => {
      await add(count, (n) => ({ id: `tick-${n}`, trigger: "cron", expression: EVERY_MINUTE }));
      return "declared";
    },
  };
}

/** BullMQ with its Job Schedulers. */
export function barePeer(url: string, onRun: OnRun): Peer {
  const connection = { url };
  const queue = new Queue("bench", { connection });
  return {
    open: () => queue.waitUntilReady(),
    fill: async (count) => {
      const job = { name: "nothing", data: {}, opts: KEEP_NONE };
      await queue.addBulk(Array.from({ length: count }, () => job));
    },
    start: async () => {
      const options = { connection, concurrency: CONCURRENCY };
      const worker = new Worker("bench", async () => onRun(), options);
      worker.on("error", (error) => console.error(error));
      await worker.waitUntilReady();
    },
    schedule: async (count) => {
      const template = { name: "nothing", opts: KEEP_NONE };
      await callMany(count, (n) =>
        queue.upsertJobScheduler(`tick-${n}`, { pattern: EVERY_MINUTE }, template),
      );
      return "declared";
    },
  };
}
