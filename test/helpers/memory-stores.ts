import type { JobLine } from "../../src/engine/memory/job-line.ts";
import { MemoryEngine } from "../../src/engine/memory/memory-engine.ts";
import type { MemoryStore } from "../../src/engine/memory/memory-link.ts";
import { engineSettings, type HandQueue, type TestStores } from "./test-stores.ts";

/** The lock of whoever takes queue jobs by hand. */
const BY_HAND = "by hand";

/** Stores in memory. Each is its own fleet, which a single scheduler can use. */
export const memoryStores: TestStores = {
  connection: () => undefined,
  reach: "one",
  async open(options) {
    const engine = new MemoryEngine(engineSettings(options));
    await engine.open();
    const { store } = engine;
    return {
      engine,
      queue: handQueue(store.line),
      placesOf: async (jobId) => placesOf(store, jobId),
      async ledgerEndsInMs(jobId) {
        const expiresAt = store.state.ledgers.get(jobId)?.expiresAt ?? null;
        return expiresAt === null ? undefined : expiresAt - options.serverNow();
      },
      close: () => engine.close(),
    };
  },
};

function handQueue(line: JobLine): HandQueue {
  return {
    next: async () => line.inLine()[0],
    ids: async () => line.inLine().map(({ id }) => id),
    dueAt: async (id) => line.find(id)?.dueAt,
    take: async (id) => line.takeOut(id, BY_HAND)?.pipeline ?? "",
    putBack: async (id, dueAt) => line.park(id, BY_HAND, dueAt),
    drop: async (id) => void line.remove(id),
  };
}

function placesOf({ state, line, steps, logs }: MemoryStore, jobId: string): string[] {
  const { ledgers: _, numbers: __, fence: ___, changes: ____, bulks: _____, ...rest } = state;
  const { revisions: ______, ...maps } = rest;
  const names = Object.entries(maps).flatMap(([name, map]) =>
    [...map].some((entry) => isAbout(entry, jobId)) ? [name] : [],
  );
  return [
    ...names,
    ...(state.ledgers.has(jobId) ? ["ledger"] : []),
    ...(state.revisions.has(jobId) ? ["revisions"] : []),
    ...(line.inLine().some(({ id }) => id.includes(jobId)) ? ["queue"] : []),
    ...(steps.ofJob(jobId).length > 0 ? ["steps"] : []),
    ...(logs.ofJob(jobId).length > 0 ? ["logs"] : []),
  ];
}

/** Whether a job is named anywhere in a value. */
function isAbout(value: unknown, jobId: string): boolean {
  if (typeof value === "string") return value.includes(jobId);
  if (value instanceof Map || value instanceof Set)
    return [...(value as Iterable<unknown>)].some((each) => isAbout(each, jobId));
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some((entry) => entry.some((each) => isAbout(each, jobId)));
}
