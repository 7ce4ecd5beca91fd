import { Queue } from "bullmq";
import { describe, expect, inject, test } from "vitest";
import { backlog, ProcessFleet, soon } from "../crash/fleet.ts";

const RECONCILE_SECONDS = 0.2;

function start(): Promise<ProcessFleet> {
  return ProcessFleet.start(inject("redisUrl"), { reconcile: RECONCILE_SECONDS });
}

/** Removes the whole queue as an operator would, whatever is running. */
async function obliterate(fleet: ProcessFleet): Promise<void> {
  const queue = new Queue("runs", {
    connection: fleet.redis,
    prefix: fleet.keys.queue.slice(0, -":runs:".length),
  });
  queue.on("error", () => undefined);
  await queue.obliterate({ force: true });
  await queue.close();
}

async function deleteKeys(fleet: ProcessFleet): Promise<void> {
  const keys = await fleet.redis.keys(`${fleet.keys.queue}*`);
  if (keys.length > 0) await fleet.redis.del(keys);
}

async function removeWaiting(fleet: ProcessFleet): Promise<void> {
  for (const id of await fleet.redis.zrange(`${fleet.keys.queue}delayed`, 0, -1)) {
    await fleet.redis.zrem(`${fleet.keys.queue}delayed`, id);
    await fleet.redis.del(fleet.keys.queue + id);
  }
}

async function isIdle(fleet: ProcessFleet): Promise<boolean> {
  return (await fleet.redis.exists(`${fleet.keys.queue}active`, `${fleet.keys.queue}wait`)) === 0;
}

function waiting(fleet: ProcessFleet): Promise<number> {
  return fleet.redis.zcard(`${fleet.keys.queue}delayed`);
}

describe.concurrent("a schedule whose waiting occurrences are gone goes on", () => {
  test.for([
    { how: "the queue was obliterated", damage: obliterate },
    { how: "the queue's keys were deleted", damage: deleteKeys },
    { how: "the waiting occurrences were deleted", damage: removeWaiting },
    {
      how: "the list of the delayed was deleted, their hashes were not",
      damage: (fleet: ProcessFleet) => fleet.redis.del(`${fleet.keys.queue}delayed`),
    },
    {
      how: "the queue was obliterated, and whoever should look died with the lease",
      damage: async (fleet: ProcessFleet) => {
        await fleet.redis.set(`${fleet.keys.own}lease:reconciler`, "dead", "PX", 1_000);
        await obliterate(fleet);
      },
    },
  ])("$how", { timeout: 60_000 }, async ({ damage }) => {
    await using fleet = await start();
    await fleet.worker();
    const { options, fireTimes } = soon(3, 1_500);
    await fleet.add("job", { ...options, params: { ms: 1 } });
    await fleet.hears("JOB_EXECUTED", "job");
    await fleet.until("nothing in hand", () => isIdle(fleet));
    expect(await waiting(fleet)).toBe(1);
    await damage(fleet);
    expect(await waiting(fleet)).toBe(0);
    const [repaired] = await fleet.hears("JOB_REPAIRED", "job");
    expect(repaired?.reason).toMatch(/next occurrence was not waiting/);
    await fleet.decided("job", fireTimes);
    await fleet.account("job", fireTimes);
    // Logged once, not at every pass.
    expect(fleet.heard("JOB_REPAIRED", "job")).toHaveLength(1);
  });

  test("obliterated again and again while runs go on", { timeout: 120_000 }, async () => {
    await using fleet = await start();
    await fleet.worker();
    await fleet.worker();
    const { options, fireTimes } = soon(60, 100);
    await fleet.add("job", { ...options, maxInstances: 2, params: { ms: 20 } });
    for (let round = 0; round < 5; round += 1) {
      const before = fleet.heard("JOB_EXECUTED", "job").length;
      await obliterate(fleet);
      await fleet.hears("JOB_EXECUTED", "job", before + 1);
    }
    await fleet.decided("job", fireTimes);
    await fleet.account("job", fireTimes, { maxInstances: 2 });
    expect(fleet.heard("JOB_REPAIRED", "job").length).toBeGreaterThan(0);
  });

  test("an occurrence that was due when it was lost runs late", { timeout: 60_000 }, async () => {
    await using fleet = await start();
    const { options, fireTimes } = backlog(3);
    await fleet.add("job", options);
    await obliterate(fleet);
    expect(await fleet.queueJobs("job")).toEqual([]);
    await fleet.hears("JOB_REPAIRED", "job");
    await fleet.worker();
    await fleet.decided("job", fireTimes);
    const rows = await fleet.account("job", fireTimes);
    expect(rows.map(({ verdict }) => verdict)).toEqual(["coalesced", "succeeded"]);
  });
});

describe.concurrent("a claimed run whose queue job is gone is put back", () => {
  test.for([
    { when: "between claim and start", step: "admitted", starts: [2] },
    { when: "mid-run", step: "mid-run", starts: [1, 2] },
  ] as const)("its worker was killed $when", { timeout: 60_000 }, async ({ step, starts }) => {
    await using fleet = await start();
    const victim = await fleet.program({ dieAt: { step, nth: 1 } });
    const { options, fireTimes } = backlog(1);
    await fleet.add("job", options);
    victim.send({ go: true });
    await victim.exited();
    await obliterate(fleet);
    // A stale instance: it would block every later occurrence of the job.
    expect(await fleet.redis.hlen(`${fleet.keys.own}running:job`)).toBe(1);
    expect(await fleet.queueJobs("job")).toEqual([]);
    const [repaired] = await fleet.hears("JOB_REPAIRED", "job");
    expect(repaired?.reason).toMatch(/held an instance and its queue job was gone/);
    await fleet.worker();
    await fleet.decided("job", fireTimes);
    const [row] = await fleet.account("job", fireTimes);
    expect(row).toMatchObject({ verdict: "succeeded", attempt: 2 });
    expect(row?.id).toBe(repaired?.runId);
    expect(fleet.lines("start", "job").map(({ attempt }) => attempt)).toEqual(starts);
    expect(fleet.heard("JOB_REPAIRED", "job")).toHaveLength(1);
  });

  test.for([
    { who: "another worker takes it: the first attempt is fenced", others: 1, attempt: 2 },
    { who: "no other worker: two attempts of a run never go on in one", others: 0, attempt: 1 },
  ])("while it runs; $who", { timeout: 120_000 }, async ({ others, attempt }) => {
    await using fleet = await start();
    const holder = await fleet.program({ lockMs: 1_000 });
    await fleet.go(holder);
    const { options, fireTimes } = backlog(1);
    await fleet.add("job", { ...options, params: { act: "hold" } });
    await fleet.until("attempt 1", () => fleet.lines("start", "job").length === 1);
    await obliterate(fleet);
    if (others > 0) await fleet.worker();
    await fleet.hears("JOB_REPAIRED", "job");
    // The lock went with the queue, and its holder notices.
    await fleet.until("the signal", () => fleet.lines("abort", "job").length > 0);
    if (others > 0) await fleet.decided("job", fireTimes);
    holder.send({ release: true });
    await fleet.until("the end of the first attempt", () =>
      fleet.lines("end", "job").some(({ pid }) => pid === holder.pid),
    );
    await fleet.decided("job", fireTimes);
    const [row] = await fleet.account("job", fireTimes);
    expect(row).toMatchObject({ verdict: "succeeded", attempt });
    expect(fleet.lines("start", "job")).toHaveLength(attempt);
    expect(fleet.heard("JOB_REPAIRED", "job")).toHaveLength(1);
  });

  test("queued runs without the call to take them", { timeout: 60_000 }, async () => {
    await using fleet = await start();
    const victim = await fleet.program({ dieAt: { step: "settled", nth: 1 } });
    const { options, fireTimes } = backlog(4);
    await fleet.add("job", { ...options, coalesce: false });
    victim.send({ go: true });
    await victim.exited();
    await obliterate(fleet);
    expect(await fleet.redis.zcard(`${fleet.keys.own}queued:job`)).toBe(3);
    expect(await fleet.queueJobs("job")).toEqual([]);
    const [repaired] = await fleet.hears("JOB_REPAIRED", "job");
    expect(repaired?.reason).toMatch(/queued run had no queue job/);
    await fleet.worker();
    await fleet.decided("job", fireTimes);
    const rows = await fleet.account("job", fireTimes);
    expect(rows.map(({ verdict, attempt }) => [verdict, attempt])).toEqual(
      fireTimes.map(() => ["succeeded", 1]),
    );
  });

  test("a manual run", { timeout: 60_000 }, async () => {
    await using fleet = await start();
    await fleet.add("job", { trigger: "date", runDate: "2100-01-01", params: { ms: 1 } });
    const runId = await fleet.scheduler.runJob("job");
    await obliterate(fleet);
    expect(await fleet.queueJobs("job")).toEqual([]);
    await fleet.until("both repairs", () => fleet.heard("JOB_REPAIRED", "job").length >= 2);
    await fleet.worker();
    await fleet.until("its verdict", async () => {
      const rows = await fleet.ledger("job");
      return rows.some(({ id, verdict }) => id === runId && verdict === "succeeded");
    });
    const [row] = await fleet.account("job", [], { manual: 1 });
    expect(row).toMatchObject({ id: runId, attempt: 1 });
    const reasons = fleet.heard("JOB_REPAIRED", "job").map(({ reason }) => reason);
    expect(reasons).toHaveLength(2);
    expect(reasons).toContainEqual(expect.stringMatching(/queued run had no queue job/));
    expect(reasons).toContainEqual(expect.stringMatching(/next occurrence was not waiting/));
  });
});

describe.concurrent("nothing is repaired that is whole", () => {
  test(
    "many jobs, paused jobs, queued runs, a long run, no worker",
    { timeout: 60_000 },
    async () => {
      await using fleet = await ProcessFleet.start(inject("redisUrl"), { reconcile: 0.1 });
      await fleet.worker({ concurrency: 50 });
      const { options, fireTimes } = soon(20, 100);
      for (let n = 0; n < 20; n += 1)
        await fleet.add(`job-${n}`, { ...options, params: { ms: 1 } });
      await fleet.add("long", { ...backlog(1).options, params: { ms: 2_000 } });
      await fleet.add("queued", { ...backlog(3).options, coalesce: false, params: { ms: 500 } });
      await fleet.add("later", { trigger: "date", runDate: "2100-01-01" });
      await fleet.scheduler.pauseJob("later");
      for (let n = 0; n < 20; n += 1) await fleet.decided(`job-${n}`, fireTimes);
      for (let n = 0; n < 20; n += 1) await fleet.account(`job-${n}`, fireTimes);
      expect(fleet.heard("JOB_REPAIRED")).toEqual([]);
      expect(fleet.heard("JOB_OVERDUE")).toEqual([]);
    },
  );

  test(
    "a long queue of short runs: most looks find none of them in hand",
    { timeout: 60_000 },
    async () => {
      await using fleet = await ProcessFleet.start(inject("redisUrl"), { reconcile: 0.1 });
      await fleet.worker();
      const { options, fireTimes } = backlog(600, 10);
      await fleet.add("job", { ...options, coalesce: false, params: { ms: 0 } });
      await fleet.decided("job", fireTimes);
      await fleet.account("job", fireTimes);
      expect(fleet.heard("JOB_REPAIRED")).toEqual([]);
    },
  );

  test(
    "queued runs of a paused fleet, and their call among them",
    { timeout: 60_000 },
    async () => {
      await using fleet = await ProcessFleet.start(inject("redisUrl"), { reconcile: 0.1 });
      await fleet.worker();
      const { options, fireTimes } = backlog(4);
      await fleet.add("job", { ...options, coalesce: false, params: { ms: 300 } });
      await fleet.hears("JOB_STARTED", "job");
      await fleet.scheduler.pause();
      await fleet.hears("JOB_EXECUTED", "job");
      // About ten passes.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(await fleet.redis.zcard(`${fleet.keys.own}queued:job`)).toBe(3);
      expect(await fleet.queueJobs("job")).toHaveLength(1);
      await fleet.scheduler.resume();
      await fleet.decided("job", fireTimes);
      await fleet.account("job", fireTimes);
      expect(fleet.heard("JOB_REPAIRED")).toEqual([]);
    },
  );
});
