import { vi } from "vitest";
import type { Engine } from "../../src/engine/port/engine.ts";

/** Takes and ends queue jobs until those named are taken. @returns The ids of all that it took. */
export async function takeQueueJobs(engine: Engine, ids: readonly string[]): Promise<string[]> {
  const taken: string[] = [];
  const consumer = engine.queue.consume({
    // One at a time, so that they come in the queue's order.
    concurrency: 1,
    lockMs: 30_000,
    stalledCheckMs: 30_000,
    onError: () => undefined,
    handle: async ({ id }) => {
      taken.push(id);
      return "done";
    },
  });
  const isDone = (): boolean => ids.every((id) => taken.includes(id));
  await vi.waitUntil(isDone, { timeout: 20_000, interval: 2 });
  await consumer.stop();
  return taken;
}
