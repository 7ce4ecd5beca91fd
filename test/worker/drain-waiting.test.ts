// A run that sleeps or waits for its next attempt delays neither shutdown nor export, and continues elsewhere.
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, inject, test } from "vitest";
import {
  Pipeline,
  PipelineScheduler,
  PipelineWorker,
  type RunContext,
  type SchedulerEvent,
} from "../../src/index.ts";
import { silent } from "../helpers/silent.ts";
import { eventually } from "./test-scheduler.ts";

/** Long compared with a stop, short compared with a test's timeout. */
const WAIT = "8s";
const WAIT_MS = 8_000;

const told: string[] = [];

class Waits extends Pipeline {
  async run({ jobId, attempt, sleep, signal }: RunContext) {
    told.push(`${jobId} ${attempt}`);
    signal.addEventListener("abort", () => void told.push(`${jobId} aborted`));
    if (jobId === "sleeper") await sleep(WAIT);
    if (jobId === "retrier" && attempt === 1) throw new Error("not yet");
    return { attempt };
  }
}

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((path) => rm(path, { recursive: true }))));

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "cronduit-drain-"));
  folders.push(path);
  return `embedded://${path}`;
}

const ENGINES = [
  { engine: "redis", place: () => inject("redisUrl") },
  { engine: "postgres", place: () => inject("postgresUrl") },
  { engine: "embedded folder", place: folder },
];

const never = { trigger: "date", runDate: "2090-01-01" } as const;

describe.each(ENGINES)("on $engine", ({ engine, place }) => {
  test("runs that wait are left to others, as they are", { timeout: 120_000 }, async () => {
    told.length = 0;
    const common = {
      connection: await place(),
      prefix: `drain-${randomUUID().slice(0, 8)}`,
      pipelines: [Waits],
      logger: silent,
    };
    const first = new PipelineScheduler(common);
    await first.start();
    await first.addJob(Waits, { id: "sleeper", ...never });
    const retry = { attempts: 2, backoff: "fixed", delay: WAIT } as const;
    await first.addJob(Waits, { id: "retrier", ...never, retry });
    const runIds = [await first.runJob("sleeper"), await first.runJob("retrier")];
    const states = (scheduler: PipelineScheduler): Promise<string[]> =>
      Promise.all(runIds.map(async (id) => (await scheduler.getRun(id)).verdict));
    await eventually("both wait", async () => (await states(first)).join() === "sleeping,retrying");
    // Nobody executes them, so an export needn't wait.
    let exported = "";
    for await (const line of first.exportState({ drain: 0 })) exported += line;
    expect(exported).toContain('"sleep"');
    await first.resume();
    const from = performance.now();
    await first.shutdown({ wait: true });
    if (engine === "redis") {
      // So does a worker told to wait for executing runs: it isn't executing these.
      const worker = new PipelineWorker({ ...common, drain: "10 min" });
      await worker.start();
      await worker.stop();
    }
    expect(performance.now() - from).toBeLessThan(WAIT_MS);
    expect(told.toSorted()).toEqual(["retrier 1", "sleeper 1"]);

    const second = new PipelineScheduler(common);
    const events: SchedulerEvent[] = [];
    second.addListener((event) => void events.push(event));
    await second.start();
    expect(await states(second)).toEqual(["sleeping", "retrying"]);
    await eventually("both end", async () =>
      (await states(second)).every((verdict) => verdict === "succeeded"),
    );
    const attempts = await Promise.all(runIds.map(async (id) => (await second.getRun(id)).attempt));
    expect(attempts).toEqual([1, 2]);
    expect(told.toSorted()).toEqual(["retrier 1", "retrier 2", "sleeper 1", "sleeper 1"]);
    expect(events.map(({ name }) => name)).not.toContain("JOB_RETRYING");
    await second.shutdown();
  });
});
