import { expect, inject, test } from "vitest";
import type { Clock } from "../../src/core/clock.ts";
import { StartReminder } from "../../src/scheduler/start-reminder.ts";
import { startProgram } from "../helpers/process.ts";

const LONG = { timeout: 60_000 };
const WORDS = /jobs were added, and start\(\) was not called/g;

test.for(["redis", "memory"])(
  "a job without start() is told: a process on %s neither hangs nor ends without a word",
  LONG,
  async (engine) => {
    await using program = startProgram("test/scheduler/start-reminder-program.ts", {
      args: engine === "redis" ? [inject("redisUrl")] : [],
    });
    await program.waitFor((message) => typeof message === "object");
    await expect.poll(() => program.output().match(WORDS)?.length, { timeout: 40_000 }).toBe(1);
  },
);

test("it is told once, after ten seconds, and not at all when it was started or ended", () => {
  const told: string[] = [];
  const timers: { delayMs: number; action: () => void; isCancelled: boolean }[] = [];
  const clock: Clock = {
    now: () => 0,
    elapsed: () => 0,
    after(delayMs, action) {
      const timer = { delayMs, action, isCancelled: false };
      timers.push(timer);
      return () => void (timer.isCancelled = true);
    },
  };
  const write = (message: string): void => void told.push(message);
  const logger = { debug: write, info: write, warn: write, error: write };
  const before = process.listenerCount("beforeExit");
  const forgotten = new StartReminder(clock, logger);
  forgotten.remind();
  forgotten.remind();
  const started = new StartReminder(clock, logger);
  started.remind();
  started.forget();
  expect(timers.map(({ delayMs, isCancelled }) => [delayMs, isCancelled])).toEqual([
    [10_000, false],
    [10_000, true],
  ]);
  timers[0]?.action();
  forgotten.remind();
  expect(told).toHaveLength(1);
  expect(timers).toHaveLength(2);
  expect(process.listenerCount("beforeExit")).toBe(before);
});
