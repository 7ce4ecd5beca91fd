// Where the real thing runs: engines, and their queues seen from below, so that a test can do BullMQ's part by hand.
import { type Clock, systemClock } from "../../src/core/clock.ts";
import type { QueueEngine } from "../../src/engine/port/queue-engine.ts";
import { DEFAULT_QUEUE } from "../../src/jobs/queue.ts";

const TIMEOUT_MS = 20_000;
const MAX_EVENTS = 1_000_000;
/** The queues of every place. */
export const QUEUES = [DEFAULT_QUEUE, "other"] as const;

/** A queue job that waits for its time or for a worker. */
export interface Waiting {
  readonly id: string;
  /** 0 if it waits for a worker. */
  readonly dueAt: number;
}

/** A queue as it is stored. */
export interface RawLine {
  waiting(): Promise<Waiting[]>;
  /** Gives a queue job to a worker. @returns whether it was still there */
  activate(id: string): Promise<boolean>;
  /** Puts it back, until then. */
  delay(id: string, dueAt: number): Promise<void>;
  remove(id: string): Promise<void>;
}

/** One fleet's store. */
export interface Place {
  readonly name: string;
  /** Engines by their queues, as several processes would have them; one where there can be only one. */
  readonly engines: readonly ReadonlyMap<string, QueueEngine>[];
  readonly lines: ReadonlyMap<string, RawLine>;
  /**
   * Redis does some things in its own way: rows of one fire time have no order in a ledger, and wakeups (queue jobs that stand
   * for nothing and only make a worker look) may be more or fewer; jobs with a group or a short
   * ledger are not backfilled there. That nothing waits in vain is seen at the end of a trial.
   */
  readonly isLoose?: boolean;
  /** Opens another one, where that costs nothing. */
  readonly again?: () => Promise<Place>;
  close(): Promise<void>;
}

/** How a place is opened. */
export interface PlaceOptions {
  readonly prefix: string;
  /** How many engines, at most. */
  readonly engines: number;
  readonly now: () => number;
}

/** Errors that no call throws. */
export const report = (error: unknown): void => console.error("model bench", error);

/** What every engine is made with. */
export function commonOptions({ prefix, now }: PlaceOptions) {
  const clock: Clock = { ...systemClock, now };
  const timing = { clock, timeoutMs: TIMEOUT_MS, maxEvents: MAX_EVENTS, serverNow: now };
  return { prefix, ...timing, onError: report };
}

/** Opens an engine and those of the other queues. */
export async function withSiblings(home: QueueEngine): Promise<Map<string, QueueEngine>> {
  const [, ...others] = QUEUES;
  const engines = new Map<string, QueueEngine>([[DEFAULT_QUEUE, home]]);
  await home.open();
  for (const queue of others) {
    const engine = home.sibling(queue);
    await engine.open();
    await home.directory.addQueue(queue);
    engines.set(queue, engine);
  }
  return engines;
}

/** Closes engines, the default queue's last. */
export async function closeEngines(
  engines: readonly ReadonlyMap<string, QueueEngine>[],
): Promise<void> {
  for (const queues of engines)
    for (const engine of [...queues.values()].toReversed()) await engine.close();
}
