import type { PgPool, PgPoolClient } from "bullmq";
import { type Clock, sleep } from "../../core/clock.ts";
import type { StoredEvent } from "../../jobs/event.ts";
import type { FunctionCaller } from "./functions.ts";
import { isLaterEntry } from "../codec/entry-numbers.ts";
import { pack, readEntry } from "../codec/stored-json.ts";
import type { EventBatch, EventsPort } from "../port/events.ts";
import type { PostgresLink } from "./postgres-link.ts";
import { quote } from "./schema-name.ts";

/** The channel that `append_entry` notifies; the payload is the schema. */
const CHANNEL = "cronduit_events";
const READ_ROWS = 200;
/** How often readers poll while no connection listens. */
const POLL_MS = 500;
const RELISTEN_FIRST_MS = 100;
const RELISTEN_MOST_MS = 5_000;

interface Read {
  readonly lastId: number;
  readonly trimmedTo: number;
  readonly entries: readonly { readonly id: number; readonly entry: string }[];
}

/** What an event log is made with. */
export interface PostgresEventsOptions {
  readonly link: PostgresLink;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** The event log on PostgreSQL: a table that is read by position, with a notification as a hint that there is something to read. */
export class PostgresEvents implements EventsPort {
  readonly #options: PostgresEventsOptions;
  readonly #link: PostgresLink;
  readonly #cursors: string;
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #ended = new AbortController();
  #listening: Promise<void> | undefined;
  #client: PgPoolClient | undefined;
  #signals = 0;

  constructor(options: PostgresEventsOptions) {
    this.#options = options;
    this.#link = options.link;
    this.#cursors = `${quote(options.link.schemas.own)}.cursors`;
  }

  async append(events: readonly StoredEvent[]): Promise<void> {
    await this.#link.run("appendEvents", "append_events", events.map(pack));
  }

  async latestCursor(): Promise<string> {
    const call = "read_events($1, 0)";
    const { lastId } = await this.#link.read<Read>("latestEventCursor", call, [0]);
    return String(lastId);
  }

  async read(reader: string, cursor: string, waitMs: number): Promise<EventBatch> {
    const { database, functions } = this.#link.ready();
    this.#listening ??= this.#listen(database.pool);
    const { clock } = this.#options;
    const until = clock.elapsed() + waitMs;
    for (;;) {
      const seen = this.#signals;
      const batch = await this.#fetch(functions, cursor);
      const leftMs = until - clock.elapsed();
      const isOver = leftMs <= 0 || this.#ended.signal.aborted;
      // An entry without events announces something else, e.g. a new queue.
      const isNews = batch.events.length > 0 || batch.cursor !== cursor;
      if (isNews || batch.lost || isOver) return batch;
      if (seen !== this.#signals) continue;
      const isGivenUp = await this.#wait(reader, this.#client ? leftMs : Math.min(leftMs, POLL_MS));
      if (isGivenUp) return batch;
    }
  }

  /** Ends what a reader waits for. */
  endReader(reader: string): void {
    const waits = this.#waiting.get(reader);
    this.#waiting.delete(reader);
    for (const giveUp of waits ?? []) giveUp();
  }

  isAhead(cursor: string, of: string): boolean | undefined {
    return isLaterEntry(cursor, of);
  }

  async loadCursor(listener: string): Promise<string | undefined> {
    const sql = `SELECT cursor FROM ${this.#cursors} WHERE listener = $1`;
    const [row] = await this.#link.select<{ cursor: string }>("loadCursor", sql, [listener]);
    return row?.cursor;
  }

  async saveCursor(listener: string, cursor: string): Promise<void> {
    await this.#link.select(
      "saveCursor",
      `INSERT INTO ${this.#cursors} VALUES ($1, $2)
       ON CONFLICT (listener) DO UPDATE SET cursor = excluded.cursor`,
      [listener, cursor],
    );
  }

  async close(): Promise<void> {
    this.#ended.abort();
    for (const reader of this.#waiting.keys()) this.endReader(reader);
    await this.#listening;
  }

  async #fetch(functions: FunctionCaller, cursor: string): Promise<EventBatch> {
    // A cursor that is not a number comes from another engine; whether events were lost before it is unknown.
    const isOurs = /^\d{1,15}$/.test(cursor);
    const asked = isOurs ? Number(cursor) : 0;
    const { lastId, trimmedTo, entries } = await functions.read<Read>("read_events($1, $2)", [
      asked,
      READ_ROWS,
    ]);
    // A cursor ahead of the log: the server was restored to an older state, and counts from there.
    if (asked > lastId) return { events: [], cursor: String(lastId), lost: true };
    const events = entries.flatMap(({ id, entry }) =>
      readEntry(entry, this.#options.onError).map((event) => ({ cursor: String(id), event })),
    );
    const isForeign = !isOurs && cursor !== "0-0";
    const lost = isForeign || (asked > 0 && asked < trimmedTo);
    return { events, cursor: String(entries.at(-1)?.id ?? asked), lost };
  }

  /** Waits for a notification, `waitMs` at most. @returns Whether the reader was ended meanwhile */
  async #wait(reader: string, waitMs: number): Promise<boolean> {
    const waits = this.#waiting.get(reader) ?? new Set();
    this.#waiting.set(reader, waits);
    let isGivenUp = false;
    const woken = new AbortController();
    const giveUp = (): void => {
      isGivenUp = waits !== this.#waiting.get(reader);
      woken.abort();
    };
    waits.add(giveUp);
    await sleep(this.#options.clock, waitMs, woken.signal);
    waits.delete(giveUp);
    return isGivenUp;
  }

  #wakeAll(): void {
    this.#signals += 1;
    for (const waits of this.#waiting.values()) for (const wake of waits) wake();
  }

  /** Keeps one connection that listens, and replaces it when it breaks. */
  async #listen(pool: PgPool): Promise<void> {
    const { signal } = this.#ended;
    const { clock, onError } = this.#options;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#listenOnce(pool, () => (failures = 0));
      } catch (error) {
        if (!signal.aborted) onError(error);
      }
      if (signal.aborted) return;
      const delayMs = Math.min(RELISTEN_FIRST_MS * 2 ** failures, RELISTEN_MOST_MS);
      failures += 1;
      // Jitter, so that a fleet does not reconnect all at once.
      await sleep(clock, delayMs * (0.5 + Math.random() / 2), signal);
    }
  }

  /** Resolves when the log is closed; rejects when the connection breaks. */
  async #listenOnce(pool: PgPool, onListening: () => void): Promise<void> {
    const schema = this.#link.schemas.own;
    const { signal } = this.#ended;
    const client = await pool.connect();
    try {
      const broken = new Promise<void>((resolve, reject) => {
        signal.addEventListener("abort", () => resolve(), { once: true });
        client.on("error", reject);
        client.on("end", () =>
          reject(new Error("the connection that listens for events was closed")),
        );
        client.on("notification", ({ channel, payload }) => {
          if (channel === CHANNEL && payload === schema) this.#wakeAll();
        });
      });
      // Awaited below; it may reject before that.
      broken.catch(() => undefined);
      await client.query(`LISTEN ${CHANNEL}`);
      onListening();
      this.#client = client;
      // Readers look now for what came before the connection listened.
      this.#wakeAll();
      if (!signal.aborted) await broken;
    } finally {
      this.#client = undefined;
      client.removeAllListeners();
      // The client is destroyed; its late errors mean nothing.
      client.on("error", () => undefined);
      client.release(true);
    }
  }
}
