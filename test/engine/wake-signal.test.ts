import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { WakeSignal } from "../../src/engine/bullmq/wake-signal.ts";

/** A server that blocks until it is told to answer. */
class BlockingServer {
  asked = 0;
  answer: () => void = () => undefined;
  fail: (error: Error) => void = () => undefined;
  readonly signal = new WakeSignal(
    () =>
      new Promise<void>((resolve, reject) => {
        this.asked += 1;
        this.answer = resolve;
        this.fail = reject;
      }),
    systemClock,
  );
}

const isPending = async (work: Promise<unknown>): Promise<boolean> => {
  const later = new Promise<string>((resolve) => setTimeout(() => resolve("later"), 30));
  return (await Promise.race([work, later])) === "later";
};

describe("WakeSignal", () => {
  test("waits for the server's signal", async () => {
    const server = new BlockingServer();
    const waiting = server.signal.wait(0);
    expect(await isPending(waiting)).toBe(true);
    server.answer();
    await waiting;
    expect(server.asked).toBe(1);
  });

  test("or for the time that it was told, and never comes before it", async () => {
    const server = new BlockingServer();
    for (const ms of [1, 5.5, 25, 40.7]) {
      const from = performance.now();
      await server.signal.wait(ms);
      expect(performance.now() - from).toBeGreaterThanOrEqual(ms - 1.1);
    }
    const from = performance.now();
    await server.signal.wait(30.5);
    expect(performance.now() - from).toBeGreaterThanOrEqual(30.5);
  });

  test("the server is asked by one call at a time, which stays open across polls", async () => {
    const server = new BlockingServer();
    await server.signal.wait(2);
    await server.signal.wait(2);
    expect(server.asked).toBe(1);
    const waiting = server.signal.wait(0);
    server.answer();
    await waiting;
    await server.signal.wait(2);
    expect(server.asked).toBe(1);
    server.signal.reset();
    await server.signal.wait(2);
    expect(server.asked).toBe(2);
  });

  test("a signal during a poll is not lost", async () => {
    const server = new BlockingServer();
    await server.signal.wait(2);
    server.signal.reset();
    server.answer();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await isPending(server.signal.wait(0))).toBe(false);
  });

  test("a signal from before a poll is void", async () => {
    const server = new BlockingServer();
    await server.signal.wait(2);
    server.answer();
    await new Promise((resolve) => setImmediate(resolve));
    server.signal.reset();
    expect(await isPending(server.signal.wait(0))).toBe(true);
    expect(server.asked).toBe(2);
  });

  test("a call that fails is told once, and the next one asks again", async () => {
    const server = new BlockingServer();
    const waiting = server.signal.wait(0);
    server.fail(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    server.signal.reset();
    expect(await isPending(server.signal.wait(0))).toBe(true);
    expect(server.asked).toBe(2);
  });
});
