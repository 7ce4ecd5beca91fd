import { MemoryEngine } from "../../src/engine/memory/memory-engine.ts";
import { emptyFleet } from "../../src/engine/memory/memory-link.ts";
import type { QueueEngine } from "../../src/engine/port/queue-engine.ts";
import { DEFAULT_QUEUE } from "../../src/jobs/queue.ts";
import {
  closeEngines,
  commonOptions,
  type Place,
  type PlaceOptions,
  type RawLine,
  withSiblings,
} from "./place.ts";

/** This process. What other fleets did is of no interest here: each gets a place of its own. */
export async function openMemory(options: PlaceOptions): Promise<Place> {
  const fleet = emptyFleet();
  const engines: Map<string, QueueEngine>[] = [];
  const lines = new Map<string, RawLine>();
  for (let i = 0; i < options.engines; i += 1) {
    const home = new MemoryEngine({ ...commonOptions(options), queue: DEFAULT_QUEUE }, fleet);
    engines.push(await withSiblings(home));
  }
  for (const [queue, { line }] of fleet.stores) {
    const lock = "by hand";
    lines.set(queue, {
      waiting: async () => line.inLine().map(({ id, dueAt = 0 }) => ({ id, dueAt })),
      activate: async (id) => line.takeOut(id, lock) !== undefined,
      delay: async (id, dueAt) => line.park(id, lock, dueAt),
      remove: async (id) => void line.remove(id),
    });
  }
  const again = (): Promise<Place> => openMemory(options);
  return { name: "memory", engines, lines, again, close: () => closeEngines(engines) };
}
