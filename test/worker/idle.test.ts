import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { expect, inject, test } from "vitest";
import { PipelineWorker } from "../../src/index.ts";
import { onEachEngine, TestScheduler } from "./test-scheduler.ts";

onEachEngine((connection) => {
  test("an idle worker takes at once what is asked for by hand", async () => {
    await using fleet = await TestScheduler.open(connection());
    const job = await fleet.job(() => performance.now());
    // It waits in vain meanwhile, up to ten seconds at a time.
    await delay(500);
    const askedAt = performance.now();
    const run = await fleet.scheduler.runJob(job, { wait: 20 });
    expect(Number(run.result) - askedAt).toBeLessThan(8_000);
  });
});

test("an idle worker is told of what comes while the others have no room", async () => {
  const prefix = `idle-${randomUUID().slice(0, 8)}`;
  await using fleet = await TestScheduler.open(inject("redisUrl"), { worker: false, prefix });
  const workers = [1, 2].map(
    () =>
      new PipelineWorker({
        connection: inject("redisUrl"),
        prefix,
        pipelines: [fleet.Work],
        concurrency: 1,
      }),
  );
  await Promise.all(workers.map((worker) => worker.start()));
  let end = (): void => undefined;
  const isLong = new Promise<void>((resolve) => {
    end = resolve;
  });
  let hasBegun = (): void => undefined;
  const begun = new Promise<void>((resolve) => {
    hasBegun = resolve;
  });
  const short = await fleet.job(() => performance.now());
  // Both workers wait for it by their own clocks, while the server still has their calls.
  await fleet.job(
    () => {
      hasBegun();
      return isLong;
    },
    { runDate: new Date(Date.now() + 1_000) },
  );
  await begun;
  for (let i = 0; i < 4; i += 1) {
    const askedAt = performance.now();
    const run = await fleet.scheduler.runJob(short, { wait: 20 });
    expect(Number(run.result) - askedAt).toBeLessThan(2_000);
    await delay(100);
  }
  end();
  await Promise.all(workers.map((worker) => worker.stop()));
});
