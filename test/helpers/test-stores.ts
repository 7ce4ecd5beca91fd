import { systemClock } from "../../src/core/clock.ts";
import type { ConsumeOptions, Engine } from "../../src/engine/port/engine.ts";
import type { ConnectionOption } from "../../src/index.ts";
import { engineWith } from "./engine-with.ts";

/** The queue jobs of a test fleet, which it takes and puts back in BullMQ's stead. */
export interface HandQueue {
  /** What a worker would get next; `dueAt` is `undefined` for one that is already waiting. */
  next(): Promise<{ readonly id: string; readonly dueAt: number | undefined } | undefined>;
  /** Those that wait first, then by their time. */
  ids(): Promise<string[]>;
  dueAt(id: string): Promise<number | undefined>;
  /** Takes one, due or not. @returns its pipeline */
  take(id: string): Promise<string>;
  putBack(id: string, dueAt: number): Promise<void>;
  drop(id: string): Promise<void>;
}

/** An empty engine, and access to what lies beneath it. */
export interface TestStore {
  readonly engine: Engine;
  readonly queue: HandQueue;
  /** Where something of a job is stored: `ledger`, or the engine's own names. */
  placesOf(jobId: string): Promise<string[]>;
  /** In how many ms the ledger of a job ends as a whole; `undefined`: never. */
  ledgerEndsInMs(jobId: string): Promise<number | undefined>;
  close(): Promise<void>;
}

/** Options of a store. */
export interface TestStoreOptions {
  readonly prefix: string;
  readonly serverNow: () => number;
}

/** Makes the stores of one engine under test. */
export interface TestStores {
  open(options: TestStoreOptions): Promise<TestStore>;
  /** Where whole schedulers are to connect to; an engine inside a process serves one at a time. */
  readonly connection: () => ConnectionOption | undefined;
  /** How many schedulers may use it: many at once, one after another, or a single one. */
  readonly reach: Reach;
}

/** How many schedulers an engine brings together. */
export type Reach = "many" | "one after another" | "one";

/** The settings of an engine under test, but for what names its place. */
export function engineSettings({ prefix, serverNow }: TestStoreOptions) {
  return {
    prefix,
    queue: "default",
    clock: systemClock,
    timeoutMs: 20_000,
    maxEvents: 100_000,
    serverNow,
    onError: (error: unknown) => console.error("test store", error),
  };
}

/** An engine whose queue jobs are taken by hand, since BullMQ goes by the machine's clock. */
export function takenByHand(engine: Engine): { engine: Engine; consumers: ConsumeOptions[] } {
  const consumers: ConsumeOptions[] = [];
  const gone = (): Promise<void> => Promise.resolve();
  const byHand = engineWith(engine, {
    queue: {
      consume(options) {
        consumers.push(options);
        return { stop: gone, abandon: gone };
      },
    },
  });
  return { engine: byHand, consumers };
}

let current: TestStores | undefined;

/** The stores of this test file. */
export function testStores(): TestStores {
  if (current) return current;
  throw new Error("this file does not say where its fleets stand");
}

/** Says where the fleets of this test file stand. */
export function useTestStores(stores: TestStores): void {
  current = stores;
}
