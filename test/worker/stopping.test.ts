import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, onEachEngine, TestScheduler, stopped } from "./test-scheduler.ts";

/** Wide: a busy machine is slow, but a poll that does not come is slower. */
const SOON_MS = 10_000;

onEachEngine((connection) => {
  let fleet: TestScheduler;
  beforeAll(async () => {
    fleet = await TestScheduler.open(connection());
  }, 60_000);
  afterAll(() => fleet[Symbol.asyncDispose]());

  test("a run that is cancelled is told by its signal, and its verdict is cancelled", async () => {
    let hasBegun = false;
    let reason: unknown;
    const id = await fleet.begin(
      async ({ signal }) => {
        hasBegun = true;
        await stopped(signal);
        reason = signal.reason;
        throw new Error("left off");
      },
      { retry: 3 },
    );
    await eventually("its begin", () => hasBegun);
    const from = performance.now();
    expect(await fleet.scheduler.cancelRun(id, { reason: "not needed" })).toBe("asked");
    expect(await fleet.ended(id)).toMatchObject({
      verdict: "cancelled",
      attempt: 1,
      error: { code: "RUN_CANCELLED", message: "not needed" },
    });
    expect(performance.now() - from).toBeLessThan(SOON_MS);
    expect(reason).toMatchObject({ code: "RUN_CANCELLED", message: "not needed" });
    await expect(fleet.scheduler.cancelRun(id)).rejects.toMatchObject({ code: "INVALID_STATE" });
  });

  test("one that succeeds although it was cancelled has succeeded", async () => {
    const id = await fleet.begin(async ({ signal }) => {
      await stopped(signal);
      return "whole";
    });
    await fleet.until(id, ({ verdict }) => verdict === "running");
    await fleet.scheduler.cancelRun(id);
    expect(await fleet.ended(id)).toMatchObject({ verdict: "succeeded", result: "whole" });
  });

  test("one that does not stop is given up, and what it does then counts for nothing", async () => {
    const late: string[] = [];
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const id = await fleet.begin(async ({ step, log }) => {
      await held;
      late.push("goes on");
      log.info("after the end");
      void step("late", () => late.push("late step"));
      return "too late";
    });
    await fleet.until(id, ({ verdict }) => verdict === "running");
    await fleet.scheduler.cancelRun(id);
    expect(await fleet.ended(id)).toMatchObject({ verdict: "cancelled", result: undefined });
    expect(await fleet.lines(id)).toEqual([
      "error the attempt did not end within 3s of being told to; it is given up",
    ]);
    letGo();
    await eventually("the zombie", () => late.length > 0);
    const again = await fleet.run(() => "next");
    expect(again.verdict).toBe("succeeded");
    expect(late).toEqual(["goes on"]);
    expect(await fleet.steps(id)).toEqual([]);
  });

  test("a timeout ends an attempt that never ends, as failed", async () => {
    const run = await fleet.run(() => new Promise(() => undefined), { timeout: "100ms" });
    expect(run).toMatchObject({
      verdict: "failed",
      error: {
        code: "RUN_TIMED_OUT",
        message: "The attempt took longer than its timeout of 100ms.",
      },
    });
  });

  test("a step that is being executed is told too", async () => {
    let reason: unknown;
    const run = await fleet.run(
      ({ step }) =>
        step(
          "wait",
          async ({ signal }) => {
            await stopped(signal);
            reason = signal.reason;
            throw signal.reason;
          },
          { retries: 5 },
        ),
      { timeout: "100ms" },
    );
    expect(run).toMatchObject({ verdict: "failed", error: { code: "RUN_TIMED_OUT" } });
    expect(reason).toMatchObject({ code: "RUN_TIMED_OUT" });
    expect(await fleet.steps(run.id)).toEqual(["wait step 1/1!"]);
  });

  test("a run that overlaps takes the place of the one before", async () => {
    const ends: string[] = [];
    const id = await fleet.job(
      async ({ signal, runId }) => {
        if (ends.length === 0) await stopped(signal);
        ends.push(runId);
      },
      { overlap: "cancel-running" },
    );
    const first = await fleet.scheduler.runJob(id);
    await fleet.until(first, ({ verdict }) => verdict === "running");
    const second = await fleet.scheduler.runJob(id);
    expect((await fleet.ended(second)).verdict).toBe("succeeded");
    expect(ends).toEqual([first, second]);
  });
});
