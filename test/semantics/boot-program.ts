// A process of a fleet: declares the jobs that all its processes declare, and works. Its argument is JSON text of
// `BootOptions`; any message shuts it down, and then nothing keeps it alive.
import { Redis } from "ioredis";
import { Pipeline, PipelineScheduler, type RunContext } from "../../src/index.ts";

export interface BootOptions {
  readonly url: string;
  readonly prefix: string;
  /** How many one-second jobs are declared. */
  readonly jobs: number;
  /** Instances that the job `slow` may have. */
  readonly maxInstances: number;
}

const options = JSON.parse(process.argv[2] ?? "{}") as BootOptions;
const redis = new Redis(options.url);
const key = (name: string): string => `test:${options.prefix}:${name}`;

/** Notes that it ran. */
class Tick extends Pipeline {
  async run({ jobId, fireTime }: RunContext): Promise<void> {
    await redis.rpush(key("ran"), `${jobId} ${fireTime.getTime()}`);
  }
}

/** Takes longer than its interval, and counts how many run concurrently. */
class Slow extends Pipeline {
  async run(): Promise<void> {
    await redis.rpush(key("at-once"), await redis.incr(key("slow")));
    await new Promise((resolve) => setTimeout(resolve, 700));
    await redis.decr(key("slow"));
  }
}

const scheduler = new PipelineScheduler({
  connection: options.url,
  prefix: options.prefix,
  pipelines: [Tick, Slow],
});
await scheduler.addJobs([
  ...Array.from({ length: options.jobs }, (_, i) => ({
    pipeline: Tick,
    options: { id: `tick-${i}`, trigger: "interval" as const, seconds: 1 },
  })),
  {
    pipeline: Slow,
    options: {
      id: "slow",
      trigger: "interval",
      milliseconds: 200,
      maxInstances: options.maxInstances,
    },
  },
]);
await scheduler.start();
async function stop(): Promise<void> {
  await scheduler.shutdown();
  redis.disconnect();
}
process.once("message", () => void stop());
process.send?.({ started: true });
