// Whole schedulers on the machine's clock: what a user sees before and after a transfer to another kind of engine.
import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { expect, test } from "vitest";
import { lineLogger, Pipeline, PipelineScheduler, type RunContext } from "../../src/index.ts";
import { connectionOf, type Kind } from "./engines.ts";

const started: string[] = [];

class Quick extends Pipeline {
  run({ runId, params }: RunContext) {
    started.push(runId);
    return { success: true, params };
  }
}

class Failing extends Pipeline {
  run(): never {
    throw new TypeError("always");
  }
}

class Unknown extends Pipeline {
  run() {
    return "never here";
  }
}

function schedulerOn(kind: Kind): PipelineScheduler {
  return new PipelineScheduler({
    connection: connectionOf(kind),
    prefix: `move-${randomUUID().slice(0, 8)}`,
    pipelines: [Quick, Failing],
    logger: lineLogger("error"),
    timeout: 30,
  });
}

const JOBS = ["tick", "each", "fail", "rest", "gone", "wish", "hand"];

/** The jobs' visible state, except engine-specific counters. */
async function seen(scheduler: PipelineScheduler): Promise<unknown> {
  const found: unknown[] = [];
  for (const id of JOBS) {
    const { revision: _, ...job } = (await scheduler.getJob(id)) ?? { revision: 0 };
    const { runs } = await scheduler.getRuns(id, { limit: 1_000 });
    const order = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
    const told = [];
    for (const { fireTime, trigger } of runs)
      if (trigger === "scheduled") told.push((await scheduler.explain(id, fireTime)).text);
    found.push({ job, runs: runs.toSorted(order), told: told.toSorted() });
  }
  const { jobs } = await scheduler.getJobs();
  return { found, order: jobs.map(({ id }) => id) };
}

test.each([
  ["redis", "postgres"],
  ["postgres", "memory"],
  ["memory", "redis"],
] as const)(
  "from %s to %s",
  async (from, to) => {
    const folder = mkdtempSync(join(tmpdir(), "cronduit-move-"));
    await using source = schedulerOn(from);
    await using target = schedulerOn(to);
    try {
      await source.start();
      await source.addJob(Quick, { id: "tick", trigger: "interval", seconds: 1, tags: ["a"] });
      await source.addJob(Quick, { id: "each", trigger: "interval", seconds: 1, coalesce: false });
      await source.addJob(Failing, { id: "fail", trigger: "date", runDate: new Date() });
      await source.addJob(Quick, { id: "rest", trigger: "cron", second: "*" });
      await source.addJob(Quick, { id: "gone", trigger: "interval", seconds: 1 });
      await source.addJob(Unknown, { id: "wish", trigger: "interval", hours: 1, params: { a: 1 } });
      await source.addJob(Quick, { id: "hand", trigger: "interval", hours: 1 });
      const options = { timeout: 30_000, interval: 50 };
      const counted = async (id: string) => (await source.getRuns(id)).runs.length;
      for (const id of ["tick", "each", "gone"])
        await expect.poll(() => counted(id), options).toBeGreaterThanOrEqual(2);
      await expect.poll(() => counted("fail"), options).toBe(1);
      await source.pauseJob("rest", "for the move");
      await source.removeJob("gone");
      await source.pause();
      // Nobody may take it any more: requested, but not started.
      const wish = await source.runJob("hand", { params: { by: "hand" } });
      // Some become due before the fleet continues elsewhere.
      const due = (await source.getJob("each"))?.nextRunTime?.getTime() ?? 0;
      await expect.poll(() => Date.now() - due, options).toBeGreaterThan(1_500);

      const file = join(folder, "state.ndjson");
      await pipeline(Readable.from(source.exportState()), createWriteStream(file));
      const summary = await target.importState(createReadStream(file));
      expect(summary).toMatchObject({ jobs: 6, removedJobs: 1, requests: 1, skipped: [] });
      expect(await seen(target)).toEqual(await seen(source));

      const startedBefore = [...started];
      await target.start();
      await expect.poll(async () => (await target.getRun(wish)).verdict, options).toBe("succeeded");
      const ids = ["tick", "each"];
      for (const id of ids)
        await expect
          .poll(async () => (await target.getJob(id))?.nextRunTime?.getTime(), options)
          .toBeGreaterThan(due + 2_000);
      await target.pause();
      await expect
        .poll(
          async () => (await target.getJobs()).jobs.every(({ running }) => running === 0),
          options,
        )
        .toBe(true);
      // Each second from the first to the last is accounted for once, over the move.
      for (const id of ids) {
        const { runs } = await target.getRuns(id, { limit: 1_000 });
        const scheduled = runs.filter(({ trigger }) => trigger === "scheduled");
        const times = scheduled.flatMap(({ fireTime, firstFireTime }) => [fireTime, firstFireTime]);
        const [first, last] = [Math.min(...times.map(Number)), Math.max(...times.map(Number))];
        const covered = scheduled.reduce((sum, { count }) => sum + (count > 1 ? count : 1), 0);
        expect(covered).toBe((last - first) / 1_000 + 1);
      }
      expect(new Set(started).size).toBe(started.length);
      expect(started.length).toBeGreaterThan(startedBefore.length);
      expect((await target.getJob("rest"))?.pausedReason).toBe("for the move");
      await target.resumeJob("rest");
      expect((await target.getJob("rest"))?.state).toBe("active");
      // A declaration at boot finds its job.
      await target.addJob(Quick, { id: "tick", trigger: "interval", seconds: 1, tags: ["a"] });
      expect(await source.isPaused()).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  180_000,
);

test("without a file, from one engine into the other", async () => {
  await using source = schedulerOn("redis");
  await using target = schedulerOn("postgres");
  await source.addJobs(
    Array.from({ length: 700 }, (_, i) => ({
      pipeline: Quick,
      options: { id: `job-${i}`, trigger: "interval" as const, hours: 1 },
    })),
  );
  expect(await target.importState(source.exportState())).toMatchObject({ jobs: 700 });
  const first = await target.getJobs({ limit: 1_000 });
  expect(first.jobs).toHaveLength(700);
}, 60_000);
