import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { WakeSignal } from "../../src/engine/bullmq/wake-signal.ts";

/** A server that blocks until it is told to answer. */
class Server {
  asked = 0;
  ring: () => void = () => undefined;
  fail: (error: Error) => void = () => undefined;
  readonly bell = new WakeSignal(
    () =>
      new Promise<void>((resolve, reject) => {
        this.asked += 1;
        this.ring = resolve;
        this.fail = reject;
      }),
    systemClock,
  );
}

const isPending = async (work: Promise<unknown>): Promise<boolean> => {
  const later = new Promise<string>((resolve) => setTimeout(() => resolve("later"), 30));
  return (await Promise.race([work, later])) === "later";
};

describe("a doorbell", () => {
  test("waits for a sign of the server", async () => {
    const server = new Server();
    const waiting = server.bell.wait(0);
    expect(await isPending(waiting)).toBe(true);
    server.ring();
    await waiting;
    expect(server.asked).toBe(1);
  });

  test("or for the time that it was told, and never comes before it", async () => {
    const server = new Server();
    for (const ms of [1, 5.5, 25, 40.7]) {
      const from = performance.now();
      await server.bell.wait(ms);
      expect(performance.now() - from).toBeGreaterThanOrEqual(ms - 1.1);
    }
    const from = performance.now();
    await server.bell.wait(30.5);
    expect(performance.now() - from).toBeGreaterThanOrEqual(30.5);
  });

  test("the server is asked by one call at a time, which goes on while others look", async () => {
    const server = new Server();
    await server.bell.wait(2);
    await server.bell.wait(2);
    expect(server.asked).toBe(1);
    const waiting = server.bell.wait(0);
    server.ring();
    await waiting;
    await server.bell.wait(2);
    expect(server.asked).toBe(1);
    server.bell.reset();
    await server.bell.wait(2);
    expect(server.asked).toBe(2);
  });

  test("a sign that comes while one looks is not lost", async () => {
    const server = new Server();
    await server.bell.wait(2);
    server.bell.reset();
    server.ring();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await isPending(server.bell.wait(0))).toBe(false);
  });

  test("a sign from before one looked is void", async () => {
    const server = new Server();
    await server.bell.wait(2);
    server.ring();
    await new Promise((resolve) => setImmediate(resolve));
    server.bell.reset();
    expect(await isPending(server.bell.wait(0))).toBe(true);
    expect(server.asked).toBe(2);
  });

  test("a call that fails is told once, and the next one asks again", async () => {
    const server = new Server();
    const waiting = server.bell.wait(0);
    server.fail(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    server.bell.reset();
    expect(await isPending(server.bell.wait(0))).toBe(true);
    expect(server.asked).toBe(2);
  });
});
