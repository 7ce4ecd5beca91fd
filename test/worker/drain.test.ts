import { describe, expect, inject, test } from "vitest";
import { backlog, ProcessFleet } from "../crash/fleet.ts";
import { silent } from "../helpers/silent.ts";
import { TcpProxy } from "../healing/tcp-proxy.ts";
import { PipelineWorker } from "../../src/index.ts";

const ENDED_BY_SIGTERM = { code: null, signal: "SIGTERM" };

/** A worker that executes the job's one run. */
async function running(fleet: ProcessFleet, params: object, drainMs: number, url = fleet.url) {
  const worker = await fleet.program({ drainMs, url, maxCrashes: 1, timeoutMs: 5_000 });
  const { options, fireTimes } = backlog(1);
  await fleet.add("job", { ...options, params });
  await fleet.go(worker);
  await fleet.until("attempt 1", () => fleet.lines("start", "job").length === 1);
  return { worker, fireTimes };
}

describe.concurrent("SIGTERM", () => {
  test("waits for what runs, and takes nothing more", { timeout: 120_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const { worker, fireTimes } = await running(fleet, { act: "hold" }, 60_000);
    const isTaking = async (): Promise<boolean> => {
      const clients = String(await fleet.redis.client("LIST")).split("\n");
      return clients.some((line) => line.includes(fleet.prefix) && line.includes("cmd=bzpopmin"));
    };
    await fleet.until("it waits for more", isTaking);
    worker.signal("SIGTERM");
    await fleet.until("it does not wait for more", async () => !(await isTaking()));
    const later = backlog(1);
    await fleet.add("later", later.options);
    worker.send({ release: true });
    expect(await worker.exited()).toEqual(ENDED_BY_SIGTERM);
    const [row] = await fleet.account("job", fireTimes);
    expect(row).toMatchObject({ verdict: "succeeded", attempt: 1 });
    await fleet.worker({ maxCrashes: 1 });
    await fleet.decided("later", later.fireTimes);
    const [laterRow] = await fleet.account("later", later.fireTimes);
    expect(laterRow).toMatchObject({ verdict: "succeeded", attempt: 1 });
    expect(fleet.lines("start", "later")[0]?.pid).toBe(process.pid);
  });

  test.for([
    { kind: "stops when told", params: { act: "polite", ms: 100_000 } },
    { kind: "goes on regardless", params: { act: "deaf", ms: 100_000 } },
  ])(
    "hands a run back after the deadline, and that is no crash; its pipeline $kind",
    { timeout: 120_000 },
    async ({ params }) => {
      await using fleet = await ProcessFleet.start(inject("redisUrl"));
      const { worker, fireTimes } = await running(fleet, params, 100);
      worker.signal("SIGTERM");
      expect(await worker.exited()).toEqual(ENDED_BY_SIGTERM);
      expect(fleet.lines("abort", "job")).toHaveLength(1);
      await fleet.hears("JOB_RETRYING", "job");
      // Any worker can take the run; nobody has to notice first that its worker is gone.
      expect(await fleet.redis.lrange(`${fleet.keys.queue}wait`, 0, -1)).toHaveLength(1);
      await fleet.worker({ maxCrashes: 1 });
      await fleet.decided("job", fireTimes);
      const [row] = await fleet.account("job", fireTimes);
      // With maxCrashes 1, a first crash would have been the end.
      expect(row).toMatchObject({ verdict: "succeeded", attempt: 2 });
    },
  );

  test("a second one ends the process at once", { timeout: 120_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const { worker } = await running(fleet, { act: "hold" }, 600_000);
    // Signals of one kind that are pending at the same time are one.
    const insist = setInterval(() => worker.signal("SIGTERM"), 200);
    expect(await worker.exited()).toEqual(ENDED_BY_SIGTERM);
    clearInterval(insist);
    expect(fleet.lines("end", "job")).toEqual([]);
  });

  test("ends the process although the server is gone", { timeout: 120_000 }, async () => {
    await using proxy = await TcpProxy.start(inject("redisUrl"));
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const { worker, fireTimes } = await running(
      fleet,
      { act: "deaf", ms: 100_000 },
      100,
      proxy.url,
    );
    proxy.set("cut");
    await fleet.until("the cut", () => proxy.connections === 0);
    worker.signal("SIGTERM");
    expect(await worker.exited()).toEqual(ENDED_BY_SIGTERM);
    // It could not hand its run back, so this counts as a crash.
    await fleet.worker({ maxCrashes: 1 });
    await fleet.decided("job", fireTimes);
    const [row] = await fleet.account("job", fireTimes);
    expect(row).toMatchObject({ verdict: "failed", attempt: 1, error: { code: "RUN_CRASHED" } });
  });
});

describe("stop()", () => {
  test("before start() is harmless, and start() after it is refused", async () => {
    const worker = new PipelineWorker({
      connection: inject("redisUrl"),
      prefix: "never",
      logger: silent,
    });
    await worker.stop();
    await worker.stop();
    await expect(worker.start()).rejects.toMatchObject({ code: "INVALID_STATE" });
  });

  test("twice waits for the same end", { timeout: 60_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const worker = await fleet.worker({ drain: "1 min" });
    const { options, fireTimes } = backlog(1);
    await fleet.add("job", { ...options, params: { ms: 300 } });
    await fleet.until("attempt 1", () => worker.running.length === 1);
    const ends = await Promise.all([worker.stop(), worker.stop()]);
    expect(ends).toEqual([undefined, undefined]);
    await fleet.account("job", fireTimes);
    await worker.stop();
    expect(worker.running).toEqual([]);
  });

  test("that aborts lets the process go on", { timeout: 60_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const first = await fleet.worker();
    const { options, fireTimes } = backlog(1);
    await fleet.add("job", { ...options, params: { ms: 50_000 } });
    await fleet.until("attempt 1", () => first.running.length === 1);
    await first.stop();
    expect(first.running).toEqual([]);
    expect(await fleet.scheduler.getWorkers()).toEqual([]);
    await fleet.hears("JOB_RETRYING", "job");
    expect((await fleet.ledger("job"))[0]).toMatchObject({ verdict: "retrying" });
    await fleet.scheduler.removeJob("job");
    // A removed job's run continues nowhere; the next worker ends it.
    await fleet.worker();
    await fleet.decided("job", fireTimes);
    expect((await fleet.ledger("job"))[0]).toMatchObject({ verdict: "cancelled" });
  });

  test("closes its connections although a pipeline goes on", { timeout: 60_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const worker = await fleet.worker();
    const { options, fireTimes } = backlog(1);
    await fleet.add("job", { ...options, params: { ms: 8_000, act: "deaf" } });
    await fleet.until("attempt 1", () => worker.running.length === 1);
    const connections = async (): Promise<number> =>
      String(await fleet.redis.client("LIST")).split(fleet.prefix).length - 1;
    expect(await connections()).toBe(1);
    await worker.stop();
    await fleet.until("no connection of the worker", async () => (await connections()) === 0);
    expect(fleet.lines("end", "job")).toEqual([]);
    await fleet.worker();
    await fleet.decided("job", fireTimes);
    const [row] = await fleet.account("job", fireTimes);
    expect(row).toMatchObject({ verdict: "succeeded", attempt: 2 });
  });
});
