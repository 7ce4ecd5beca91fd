import { describe, expect, inject, test } from "vitest";
import { ProcessFleet, soon } from "../crash/fleet.ts";
import { startRedis } from "../helpers/redis-server.ts";
import { TcpProxy } from "./tcp-proxy.ts";

const OUTAGE_MS = 10_000;

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe.concurrent("the schedule goes on after", () => {
  test.for(["SIGKILL", "SIGTERM"] as const)(
    "a restart of the server by %s, with its log on disk",
    { timeout: 120_000 },
    async (signal) => {
      await using server = await startRedis({
        appendonly: true,
        config: ["--appendfsync", "always"],
      });
      await using fleet = await ProcessFleet.start(server.url);
      await fleet.worker();
      await fleet.worker();
      const { options, fireTimes } = soon(30, 100);
      await fleet.add("one", { ...options, params: { ms: 10 } });
      await fleet.add("two", { ...options, coalesce: false, maxInstances: 3, params: { ms: 50 } });
      await fleet.hears("JOB_EXECUTED", "one", 3);
      await server.restart(signal);
      const before = fleet.heard("JOB_EXECUTED", "one").length;
      await fleet.hears("JOB_EXECUTED", "one", before + 1);
      await fleet.decided("one", fireTimes);
      await fleet.decided("two", fireTimes);
      await fleet.account("one", fireTimes);
      const rows = await fleet.account("two", fireTimes, { maxInstances: 3 });
      expect(rows.some(({ verdict }) => verdict === "succeeded")).toBe(true);
    },
  );

  test.for(["cut", "hole"] as const)(
    "10 s without the server: %s",
    { timeout: 120_000 },
    async (mode) => {
      await using proxy = await TcpProxy.start(inject("redisUrl"));
      // The scheduler has its own connection; only its workers are cut off.
      await using fleet = await ProcessFleet.start(inject("redisUrl"));
      await fleet.worker({ connection: proxy.url });
      await fleet.worker({ connection: proxy.url });
      const { options, fireTimes } = soon(150, 100);
      await fleet.add("one", { ...options, params: { ms: 10 } });
      await fleet.add("two", { ...options, coalesce: false, maxInstances: 3, params: { ms: 250 } });
      await fleet.hears("JOB_EXECUTED", "one", 3);
      proxy.set(mode);
      await pass(OUTAGE_MS);
      const before = fleet.heard("JOB_EXECUTED", "one").length;
      expect(before).toBeLessThan(fireTimes.length);
      proxy.set("pass");
      await fleet.hears("JOB_EXECUTED", "one", before + 1);
      await fleet.decided("one", fireTimes);
      await fleet.decided("two", fireTimes);
      await fleet.account("one", fireTimes);
      await fleet.account("two", fireTimes, { maxInstances: 3 });
    },
  );

  test("10 s in which the scheduler does not reach the server", { timeout: 120_000 }, async () => {
    await using proxy = await TcpProxy.start(inject("redisUrl"));
    await using fleet = await ProcessFleet.start(proxy.url, { reconcile: 0.2, timeout: 2 });
    await fleet.worker({ connection: inject("redisUrl") });
    const { options, fireTimes } = soon(130, 100);
    await fleet.add("job", { ...options, params: { ms: 10 } });
    await fleet.hears("JOB_EXECUTED", "job", 3);
    proxy.set("cut");
    const runsBefore = fleet.lines("end").length;
    await expect(fleet.scheduler.getJob("job")).rejects.toMatchObject({
      code: "CONNECTION_FAILED",
    });
    expect(await fleet.scheduler.health()).toMatchObject({ ok: false });
    await pass(OUTAGE_MS - 4_000);
    // Workers need no scheduler.
    expect(fleet.lines("end").length).toBeGreaterThan(runsBefore);
    proxy.set("pass");
    // Its connections come back one by one, each after a delay.
    await fleet.until("a server in reach", async () => (await fleet.scheduler.health()).ok);
    await fleet.decided("job", fireTimes);
    // Its listener missed nothing either: that is part of the account.
    await fleet.account("job", fireTimes);
  });

  test("connections that are killed again and again", { timeout: 120_000 }, async () => {
    await using server = await startRedis();
    await using fleet = await ProcessFleet.start(server.url);
    await fleet.worker();
    await fleet.worker();
    const { options, fireTimes } = soon(40, 100);
    await fleet.add("one", { ...options, params: { ms: 10 } });
    await fleet.add("two", { ...options, coalesce: false, maxInstances: 3, params: { ms: 50 } });
    for (let round = 0; round < 20; round += 1) {
      await fleet.redis.client("KILL", "TYPE", "normal", "SKIPME", "yes");
      await pass(100);
    }
    await fleet.decided("one", fireTimes);
    await fleet.decided("two", fireTimes);
    await fleet.account("one", fireTimes);
    const rows = await fleet.account("two", fireTimes, { maxInstances: 3 });
    expect(rows.some(({ verdict }) => verdict === "succeeded")).toBe(true);
  });
});
