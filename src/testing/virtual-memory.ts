import type { EpochMs } from "../core/clock.ts";
import { errorSink } from "../core/error-sink.ts";
import type { Logger } from "../core/log.ts";
import { copyOf } from "../engine/memory/as-sent.ts";
import { MemoryEngine } from "../engine/memory/memory-engine.ts";
import { emptyFleet, type MemoryStore } from "../engine/memory/memory-link.ts";
import { MultiQueueEngine } from "../engine/multi-queue/multi-queue-engine.ts";
import type { JobDefinition } from "../jobs/definition.ts";
import { openRuns, readRevisions } from "../jobs/decide.ts";
import type { JobEntry } from "../jobs/decide/state.ts";
import type { LedgerRow } from "../jobs/ledger-row.ts";
import type { JobRevisions } from "../jobs/noted-change.ts";
import { DEFAULT_QUEUE } from "../jobs/queue.ts";
import type { FleetState, JobNow } from "./fleet-ledger.ts";
import type { VirtualClock, VirtualTime } from "./virtual-time.ts";

/** As many as a server keeps. */
const MAX_EVENTS = 10_000;

/** What the engine is made with. */
export interface VirtualMemoryOptions {
  readonly time: VirtualTime;
  readonly clock: VirtualClock;
  readonly logger: Logger;
}

/** The engine in memory, on the virtual time; a test sees its state without waiting. */
export class VirtualMemory implements FleetState {
  readonly engine: MultiQueueEngine;
  readonly #fleet = emptyFleet();
  readonly #time: VirtualTime;

  constructor({ time, clock, logger }: VirtualMemoryOptions) {
    this.#time = time;
    const onError = errorSink(logger, "memory", clock);
    const options = { queue: DEFAULT_QUEUE, clock, maxEvents: MAX_EVENTS, onError };
    this.engine = new MultiQueueEngine(new MemoryEngine(options, this.#fleet), clock);
  }

  /** Grows with every step that tells something. */
  get activity(): number {
    return this.#stores.reduce((sum, { log }) => sum + log.lastId, 0);
  }

  /** When the next queue job becomes due of those that are not. */
  get nextDueAt(): EpochMs | undefined {
    const times = this.#stores.map(({ line }) => line.nextDueAt ?? Infinity);
    const next = Math.min(...times.filter((at) => at > this.#time.now));
    return next === Infinity ? undefined : next;
  }

  /** When something of a job changes by itself next, after an instant. */
  nextChangeAt(after: EpochMs): EpochMs | undefined {
    const times = this.#stores.flatMap(({ state }) => [...state.timed.values()]);
    const next = Math.min(...times.filter((at) => at > after));
    return next === Infinity ? undefined : Math.max(next, this.#time.now);
  }

  /** Whether nothing is being handled, and nothing could be. */
  isAtRest(): boolean {
    return this.#stores.every(({ line }) => line.held === 0 && !line.hasDue(this.#time.now));
  }

  /** Whether something is being handled, even by somebody who was killed. */
  isWorking(): boolean {
    return this.#stores.some(({ line }) => line.held > 0);
  }

  jobs(): JobNow[] {
    return this.#stores.flatMap(({ state }) => [...state.jobs.values()].map(jobNow));
  }

  onDecided(hear: (jobId: string, row: LedgerRow) => void): void {
    this.#fleet.onDecided = hear;
  }

  /** Whether there is such a job, or a ledger of one that was removed. */
  has(jobId: string): boolean {
    return this.#stores.some(({ state }) => state.jobs.has(jobId) || state.ledgers.has(jobId));
  }

  /** A job's decided rows. */
  rows(jobId: string): LedgerRow[] {
    return this.#stores.flatMap(({ state }) => copyOf(state.ledgers.get(jobId)?.rows ?? []));
  }

  openRuns(jobId: string): LedgerRow[] {
    return this.#stores.flatMap(({ state }) => copyOf(openRuns(state, jobId)));
  }

  changes(jobId: string): JobRevisions {
    const found = this.#stores.map(({ state }) =>
      readRevisions(state, "all", jobId, this.#time.now),
    );
    // One that was removed may have been added again on another queue.
    const revisions = found.flatMap((each) => each.revisions).toSorted((a, b) => b.at - a.at);
    return { revisions: copyOf(revisions), isCut: found.some(({ isCut }) => isCut) };
  }

  get #stores(): MemoryStore[] {
    return [...this.#fleet.stores.values()];
  }
}

function jobNow({ id, revision, generation, state, watermark, definition }: JobEntry): JobNow {
  return {
    id,
    version: `${revision} ${generation} ${state}`,
    state,
    watermark,
    definition: () => JSON.parse(definition) as JobDefinition,
  };
}
