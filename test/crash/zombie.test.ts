import { describe, expect, inject, test } from "vitest";
import { TcpProxy } from "../healing/tcp-proxy.ts";
import { backlog, ProcessFleet } from "./fleet.ts";
import { release } from "./pipelines.ts";
import type { Run } from "../../src/index.ts";
import type { Program } from "../helpers/process.ts";

/** A job of one run; the first attempt goes on until the other one has ended. */
async function addOne(fleet: ProcessFleet, act: "block" | "hold"): Promise<number[]> {
  const { options, fireTimes } = backlog(1);
  await fleet.add("job", { ...options, params: { act } });
  return fireTimes;
}

function refusals(program: Program): unknown[] {
  return program.messages.filter((message) => JSON.stringify(message).includes("lost its run"));
}

/** The zombie learned that it had lost the run, and its outcome was refused. */
async function fenced(fleet: ProcessFleet, zombie: Program, fireTimes: number[]): Promise<Run[]> {
  await fleet.until("the zombie's signal", () =>
    fleet.lines("abort", "job").some(({ pid }) => pid === zombie.pid),
  );
  await fleet.until("the refusal", () => refusals(zombie).length > 0);
  const rows = await fleet.account("job", fireTimes);
  expect(fleet.lines("start", "job").map(({ attempt }) => attempt)).toEqual([1, 2]);
  return rows;
}

describe.concurrent("a worker that was away for longer than its lock", () => {
  test("because its event loop was blocked", { timeout: 120_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const zombie = await fleet.program({ lockMs: 1_000 });
    await fleet.go(zombie);
    const fireTimes = await addOne(fleet, "block");
    await fleet.until("attempt 1", () => fleet.lines("start", "job").length === 1);
    const heir = await fleet.worker();
    await fleet.decided("job", fireTimes);
    expect(await fenced(fleet, zombie, fireTimes)).toMatchObject([
      { verdict: "succeeded", attempt: 2, worker: heir.id },
    ]);
  });

  test("because it was stopped by SIGSTOP", { timeout: 120_000 }, async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const zombie = await fleet.program({ lockMs: 1_000 });
    await fleet.go(zombie);
    const fireTimes = await addOne(fleet, "hold");
    await fleet.until("attempt 1", () => fleet.lines("start", "job").length === 1);
    zombie.signal("SIGSTOP");
    const heir = await fleet.worker();
    await fleet.decided("job", fireTimes);
    zombie.signal("SIGCONT");
    await fleet.until("the zombie's signal", () => fleet.lines("abort", "job").length > 0);
    zombie.send({ release: true });
    expect(await fenced(fleet, zombie, fireTimes)).toMatchObject([
      { verdict: "succeeded", attempt: 2, worker: heir.id },
    ]);
  });

  test(
    "and whose outcome comes while the other attempt goes on",
    { timeout: 120_000 },
    async () => {
      await using fleet = await ProcessFleet.start(inject("redisUrl"));
      const zombie = await fleet.program({ lockMs: 1_000 });
      await fleet.go(zombie);
      const { options, fireTimes } = backlog(1);
      await fleet.add("job", { ...options, params: { act: "hold", firstOnly: false } });
      await fleet.until("attempt 1", () => fleet.lines("start", "job").length === 1);
      zombie.signal("SIGSTOP");
      const heir = await fleet.worker();
      await fleet.until("attempt 2", () => fleet.lines("start", "job").length === 2);
      zombie.signal("SIGCONT");
      zombie.send({ release: true });
      await fleet.until("the refusal", () => refusals(zombie).length > 0);
      // It did not end the run, nor free its instance.
      expect(heir.running).toHaveLength(1);
      expect(await fleet.ledger("job")).toMatchObject([{ verdict: "running", attempt: 2 }]);
      release();
      await fleet.decided("job", fireTimes);
      expect(await fenced(fleet, zombie, fireTimes)).toMatchObject([
        { verdict: "succeeded", attempt: 2, worker: heir.id },
      ]);
    },
  );

  // It can't ask whether its lock still holds, so it must give up by its own clock.
  test("because no packet reached the server", { timeout: 120_000 }, async () => {
    await using proxy = await TcpProxy.start(inject("redisUrl"));
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const zombie = await fleet.program({ lockMs: 1_000, url: proxy.url });
    await fleet.go(zombie);
    const fireTimes = await addOne(fleet, "hold");
    await fleet.until("attempt 1", () => fleet.lines("start", "job").length === 1);
    proxy.set("hole");
    const heir = await fleet.worker();
    await fleet.decided("job", fireTimes);
    // The network still drops packets: nobody told it.
    await fleet.until("the zombie's signal", () => fleet.lines("abort", "job").length > 0);
    zombie.send({ release: true });
    proxy.set("cut");
    proxy.set("pass");
    expect(await fenced(fleet, zombie, fireTimes)).toMatchObject([
      { verdict: "succeeded", attempt: 2, worker: heir.id },
    ]);
  });
});
