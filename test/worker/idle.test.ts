import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { onEachEngine, Stage } from "./stage.ts";

onEachEngine((connection) => {
  test("an idle worker takes at once what is asked for by hand", async () => {
    await using stage = await Stage.open(connection());
    const job = await stage.job(() => performance.now());
    // It waits in vain meanwhile, up to ten seconds at a time.
    await delay(500);
    const askedAt = performance.now();
    const run = await stage.scheduler.runJob(job, { wait: 20_000 });
    expect(Number(run.result) - askedAt).toBeLessThan(8_000);
  });
});
