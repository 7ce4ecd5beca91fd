import { sleep } from "../../core/clock.ts";
import type { StoredEvent } from "../../jobs/event.ts";
import { isLaterEntry } from "../codec/entry-numbers.ts";
import { readEntry } from "../codec/stored-json.ts";
import type { EventBatch, EventsPort } from "../port/events.ts";
import type { EventLog } from "./event-log.ts";
import type { MemoryLink } from "./memory-link.ts";

const READ_ENTRIES = 200;
const BEGINNING = "0-0";

/** The event log in memory. */
export class MemoryEvents implements EventsPort {
  readonly #link: MemoryLink;
  readonly #cursors = new Map<string, string>();
  readonly #waiting = new Map<string, Set<AbortController>>();
  #isClosed = false;

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async append(events: readonly StoredEvent[]): Promise<void> {
    if (events.length > 0) this.#link.ready().log.append(events);
  }

  async latestCursor(): Promise<string> {
    return String(this.#link.ready().log.lastId);
  }

  async read(reader: string, cursor: string, waitMs: number): Promise<EventBatch> {
    const { log } = this.#link.ready();
    const { clock } = this.#link.options;
    const until = clock.elapsed() + waitMs;
    for (;;) {
      const batch = this.#fetch(log, cursor);
      // An entry without events announces something else, e.g. a new queue.
      if (batch.lost || batch.events.length > 0 || batch.cursor !== cursor) return batch;
      const leftMs = until - clock.elapsed();
      if (leftMs <= 0 || this.#isClosed) return batch;
      if (!(await this.#wait(log, reader, leftMs))) return batch;
    }
  }

  /** Ends what a reader waits for. */
  endReader(reader: string): void {
    const waits = this.#waiting.get(reader);
    this.#waiting.delete(reader);
    for (const wait of waits ?? []) wait.abort();
  }

  isAhead(cursor: string, of: string): boolean | undefined {
    return isLaterEntry(cursor, of);
  }

  async loadCursor(listener: string): Promise<string | undefined> {
    this.#link.ready();
    return this.#cursors.get(listener);
  }

  async saveCursor(listener: string, cursor: string): Promise<void> {
    this.#link.ready();
    this.#cursors.set(listener, cursor);
  }

  /** Ends all waits. */
  close(): void {
    this.#isClosed = true;
    for (const reader of this.#waiting.keys()) this.endReader(reader);
  }

  #fetch(log: EventLog, cursor: string): EventBatch {
    // A cursor that is not a number comes from another engine; whether events were lost before it is unknown.
    const isOurs = /^\d{1,15}$/.test(cursor);
    const asked = isOurs ? Number(cursor) : 0;
    // Of an earlier process, which took its events along.
    if (asked > log.lastId) return { events: [], cursor: String(log.lastId), lost: true };
    const entries = log.after(asked, READ_ENTRIES);
    const events = entries.flatMap(({ id, text }) =>
      readEntry(text, this.#link.options.onError).map((event) => ({ cursor: String(id), event })),
    );
    const isForeign = !isOurs && cursor !== BEGINNING;
    const lost = isForeign || (asked > 0 && asked < log.trimmedTo);
    return { events, cursor: String(entries.at(-1)?.id ?? asked), lost };
  }

  /** @returns Whether to look again: the time was not over, and the reader was not ended. */
  async #wait(log: EventLog, reader: string, waitMs: number): Promise<boolean> {
    const waits = this.#waiting.get(reader) ?? new Set();
    this.#waiting.set(reader, waits);
    const ended = new AbortController();
    waits.add(ended);
    let isNews = false;
    const unlisten = log.listen(() => {
      isNews = true;
      ended.abort();
    });
    await sleep(this.#link.options.clock, waitMs, ended.signal, "upkeep");
    unlisten();
    waits.delete(ended);
    return isNews;
  }
}
