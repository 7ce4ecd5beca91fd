import type { StoredEvent } from "../../jobs/event.ts";
import { pack, toJson } from "../codec/stored-json.ts";

/** The log is trimmed when so many more entries are there than it keeps, as a part of those. */
const SPARE = 0.01;

/** An entry: what one step told, as JSON text. */
export interface LogEntry {
  readonly id: number;
  readonly text: string;
}

/** The newest entries of events, numbered from 1. */
export class EventLog {
  readonly #maxEntries: number;
  #entries: LogEntry[] = [];
  #lastId = 0;
  #waiting = new Set<() => void>();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** The number of the newest entry; 0 before the first. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Up to which entry they are gone. */
  get trimmedTo(): number {
    return this.#lastId - this.#entries.length;
  }

  append(events: readonly StoredEvent[]): void {
    this.#lastId += 1;
    this.#entries.push({ id: this.#lastId, text: toJson(events.map(pack)) });
    const excess = this.#entries.length - this.#maxEntries;
    if (excess > this.#maxEntries * SPARE) this.#entries = this.#entries.slice(excess);
    for (const wake of this.#waiting) wake();
  }

  /** Entries after one, `most` of them. */
  after(id: number, most: number): LogEntry[] {
    const from = Math.max(0, id - this.trimmedTo);
    return this.#entries.slice(from, from + most);
  }

  /** Calls `wake` at each new entry. @returns what ends that */
  listen(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }
}
