import type { EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import type * as Port from "./port/engine.ts";
import type { TransferPort } from "./port/transfer.ts";

/**
 * An engine whose module is loaded by `open()`, so that a program loads only the libraries of the engine that it uses.
 * Before that it has a label, and answers `open`, `close`, `health` and `takes`; anything else throws `INVALID_STATE`.
 */
export class LazyEngine implements Port.Engine {
  readonly #name: string;
  readonly #load: () => Promise<Required<Port.Engine>>;
  #engine: Required<Port.Engine> | undefined;
  #loading: Promise<Required<Port.Engine>> | undefined;
  #isClosed = false;

  /** @param name stands for the label until the engine is loaded */
  constructor(name: string, load: () => Promise<Required<Port.Engine>>) {
    this.#name = name;
    this.#load = load;
  }

  get label(): string {
    return this.#engine?.label ?? this.#name;
  }

  async open(): Promise<void> {
    if (this.#engine) return this.#engine.open();
    if (this.#isClosed) throw new CronduitError("INVALID_STATE", `${this.#name} was closed.`);
    await (await this.#loaded()).open();
  }

  async close(limitMs?: number): Promise<void> {
    this.#isClosed = true;
    await (await this.#loading)?.close(limitMs);
  }

  async health(): Promise<Port.EngineHealth> {
    if (this.#engine) return this.#engine.health();
    if (!this.#isClosed) return (await this.#loaded()).health();
    return { ok: false, roundTripMs: undefined, problem: `${this.#name} was closed.` };
  }

  facts(): Promise<readonly Port.ServerFact[]> {
    return this.#opened.facts();
  }

  takes(error: unknown): boolean {
    return this.#engine?.takes(error) ?? false;
  }

  now(): Promise<EpochMs> {
    return this.#opened.now();
  }

  serve(queue: string): Promise<Port.Engine> {
    return this.#opened.serve(queue);
  }

  queueNames(): Promise<string[]> {
    return this.#opened.queueNames();
  }

  get jobs(): Port.JobsPort {
    return this.#opened.jobs;
  }

  get requests(): Port.RequestsPort {
    return this.#opened.requests;
  }

  get runs(): Port.RunsPort {
    return this.#opened.runs;
  }

  get steps(): Port.StepsPort {
    return this.#opened.steps;
  }

  get logs(): Port.LogsPort {
    return this.#opened.logs;
  }

  get backfills(): Port.BackfillsPort {
    return this.#opened.backfills;
  }

  get changes(): Port.ChangesPort {
    return this.#opened.changes;
  }

  get ledger(): Port.LedgerPort {
    return this.#opened.ledger;
  }

  get stats(): Port.StatsPort {
    return this.#opened.stats;
  }

  get queue(): Port.QueuePort {
    return this.#opened.queue;
  }

  get events(): Port.EventsPort {
    return this.#opened.events;
  }

  get members(): Port.MembersPort {
    return this.#opened.members;
  }

  get healing(): Port.HealingPort {
    return this.#opened.healing;
  }

  get documents(): Port.DocumentsPort {
    return this.#opened.documents;
  }

  get transfer(): TransferPort {
    return this.#opened.transfer;
  }

  get #opened(): Required<Port.Engine> {
    if (this.#engine) return this.#engine;
    throw new CronduitError("INVALID_STATE", `${this.#name} is not open.`);
  }

  #loaded(): Promise<Required<Port.Engine>> {
    this.#loading ??= this.#load().then((engine) => (this.#engine = engine));
    return this.#loading;
  }
}
