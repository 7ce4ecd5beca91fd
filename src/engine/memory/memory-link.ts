import type { Clock, EpochMs } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import { emptyState, type QueueJobs, type QueueState } from "../../jobs/decide/state.ts";
import { type Step, stepOn } from "../../jobs/decide/step.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import { Dispatcher } from "./dispatcher.ts";
import { DocumentStore } from "./document-store.ts";
import { EventLog } from "./event-log.ts";
import { JobLine } from "./job-line.ts";
import { RunTexts } from "./run-texts.ts";

/** How an engine in memory is made. */
export interface MemoryEngineOptions {
  /** Names the queue. */
  readonly queue: string;
  readonly clock: Clock;
  /** About how many entries the event log keeps. */
  readonly maxEvents: number;
  /** Stands in for the clock in decisions, in tests that move time. */
  readonly serverNow?: (() => EpochMs) | undefined;
  readonly onError: (error: unknown) => void;
}

/** Everything that is kept of one queue. */
export interface MemoryStore {
  readonly state: QueueState;
  readonly line: JobLine;
  readonly dispatcher: Dispatcher;
  readonly log: EventLog;
  /** The steps of runs, by name. */
  readonly steps: RunTexts;
  readonly logs: RunTexts;
  readonly documents: DocumentStore;
}

/** What the queues of a fleet share. */
export interface MemoryFleet {
  readonly numbers: { last: number };
  readonly stores: Map<string, MemoryStore>;
  /** Counts consumers, which gives their locks names. */
  consumers: number;
  /** Receives each row of a ledger when it is decided, in tests: retention may delete it in the same step. */
  onDecided?: (jobId: string, row: LedgerRow) => void;
}

/** A fleet without anything in it. */
export function emptyFleet(): MemoryFleet {
  return { numbers: { last: 0 }, stores: new Map(), consumers: 0 };
}

/** What an engine's calls share: the state of its queue, and its time. */
export class MemoryLink {
  readonly options: MemoryEngineOptions;
  readonly fleet: MemoryFleet;
  readonly #store: MemoryStore;
  #state: "new" | "open" | "closed" = "new";

  constructor(options: MemoryEngineOptions, fleet: MemoryFleet) {
    this.options = options;
    this.fleet = fleet;
    const store = fleet.stores.get(options.queue) ?? emptyStore(options, fleet);
    fleet.stores.set(options.queue, store);
    this.#store = store;
  }

  /** @throws `INVALID_STATE` after closing */
  open(): void {
    if (this.#state === "new") this.#state = "open";
    this.ready();
  }

  close(): void {
    this.#state = "closed";
    this.#store.dispatcher.close();
  }

  /** @throws `INVALID_STATE` before opening and after closing */
  ready(): MemoryStore {
    if (this.#state === "open") return this.#store;
    const why = this.#state === "closed" ? "was closed" : "is not open";
    throw new CronduitError("INVALID_STATE", `memory ${why}.`);
  }

  /** The time of decisions. */
  now(): EpochMs {
    const { serverNow, clock } = this.options;
    return serverNow ? serverNow() : clock.now();
  }

  /** One atomic step: it is over when this returns, and its events are in the log. */
  step<T>(work: (step: Step, store: MemoryStore) => T): T {
    const store = this.ready();
    const now = this.now();
    const step = stepOn(store.state, queueAt(store.line, now, this.options.clock), now);
    const answer = work(step, store);
    if (step.events.length > 0) store.log.append(step.events);
    const { onDecided } = this.fleet;
    if (onDecided) for (const { jobId, row } of step.rows) onDecided(jobId, row);
    return answer;
  }
}

function emptyStore({ clock, maxEvents }: MemoryEngineOptions, fleet: MemoryFleet): MemoryStore {
  const line: JobLine = new JobLine(() => dispatcher.look());
  const dispatcher = new Dispatcher(line, clock);
  return {
    state: emptyState(fleet.numbers),
    line,
    dispatcher,
    log: new EventLog(maxEvents),
    steps: new RunTexts(),
    logs: new RunTexts(),
    documents: new DocumentStore(),
  };
}

/** The queue jobs as a step sees them. What is due goes by the step's time, and locks by the clock that they were set by. */
function queueAt(line: JobLine, now: EpochMs, clock: Clock): QueueJobs {
  return {
    add: (id, pipeline, dueAt) => line.add({ id, pipeline, dueAt }, now),
    addLast: (id, pipeline, dueAt) => line.add({ id, pipeline, dueAt, isLast: true }, now),
    drop: (id) => {
      if (line.find(id)?.state !== "active") line.remove(id);
    },
    stateOf: (id) => line.find(id)?.state,
    isHeld: (id, lock) => line.isHeld(id, lock, clock.now()),
    end: (id, lock) => line.end(id, lock),
  };
}
