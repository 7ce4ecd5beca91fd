import type { StoredEvent } from "../../jobs/event.ts";
import { pack, readEntry, toJson } from "../codec/stored-json.ts";
import type { EventBatch, EventsPort } from "../port/events.ts";
import { duplicate } from "./connection.ts";
import type { RedisCalls } from "./redis-calls.ts";
import type { RedisClient } from "./redis-client.ts";

const READ_ENTRIES = 200;
const ENTRY_ID = /^\d{1,15}-\d{1,15}$/;

function compareIds(a: string, b: string): number {
  const [aMs = 0, aSeq = 0] = a.split("-").map(Number);
  const [bMs = 0, bSeq = 0] = b.split("-").map(Number);
  return aMs - bMs || aSeq - bSeq;
}

/** The event log on Redis: a stream, in which one entry holds the events of one script call, in order. */
export class RedisEvents implements EventsPort {
  readonly #calls: RedisCalls;
  readonly #key: string;
  readonly #readers = new Map<string, RedisClient>();

  constructor(calls: RedisCalls) {
    this.#calls = calls;
    this.#key = calls.key("events");
  }

  async append(events: readonly StoredEvent[]): Promise<void> {
    const { redis, maxEvents } = this.#calls;
    const text = toJson(events.map(pack));
    await this.#calls.bounded("appendEvents", () =>
      redis.xadd(this.#key, "MAXLEN", "~", maxEvents, "*", "e", text),
    );
  }

  /** A concrete id, never `$`: what is appended before the first read must not be missed. */
  async latestCursor(): Promise<string> {
    const [last] = await this.#calls.bounded("latestEventCursor", () =>
      this.#calls.redis.xrevrange(this.#key, "+", "-", "COUNT", 1),
    );
    return last?.[0] ?? "0-0";
  }

  async read(reader: string, cursor: string, waitMs: number): Promise<EventBatch> {
    // Before the first await: a reader that is ended meanwhile must not get a new connection.
    const connection = this.#connectionOf(reader);
    const lost = await this.#wasTrimmedAfter(cursor);
    const reply = await connection.xread(
      "COUNT",
      READ_ENTRIES,
      "BLOCK",
      Math.max(1, Math.round(waitMs)),
      "STREAMS",
      this.#key,
      cursor,
    );
    const entries = reply?.[0]?.[1] ?? [];
    const events = entries.flatMap(([id, fields]) =>
      readEntry(fields[1] ?? "[]", this.#calls.tell).map((event) => ({ cursor: id, event })),
    );
    return { events, cursor: entries.at(-1)?.[0] ?? cursor, lost };
  }

  endReader(reader: string): void {
    this.#readers.get(reader)?.disconnect();
    this.#readers.delete(reader);
  }

  isAhead(cursor: string, of: string): boolean | undefined {
    return ENTRY_ID.test(cursor) && ENTRY_ID.test(of) ? compareIds(cursor, of) > 0 : undefined;
  }

  async loadCursor(listener: string): Promise<string | undefined> {
    const read = () => this.#calls.redis.hget(this.#calls.key("cursors"), listener);
    return (await this.#calls.bounded("loadCursor", read)) ?? undefined;
  }

  async saveCursor(listener: string, cursor: string): Promise<void> {
    const write = () => this.#calls.redis.hset(this.#calls.key("cursors"), listener, cursor);
    await this.#calls.bounded("saveCursor", write);
  }

  close(): void {
    for (const reader of this.#readers.keys()) this.endReader(reader);
  }

  /** Reading blocks, so each reader needs a connection of its own. */
  #connectionOf(reader: string): RedisClient {
    const known = this.#readers.get(reader);
    if (known) return known;
    const connection = duplicate(this.#calls.redis);
    // The shared connection has the same errors, and reports them.
    connection.on("error", () => undefined);
    this.#readers.set(reader, connection);
    return connection;
  }

  /** Trimming takes the oldest first: while the entry at the cursor is there, nothing after it is gone. */
  async #wasTrimmedAfter(cursor: string): Promise<boolean> {
    if (cursor === "0-0") return false;
    const [first] = await this.#calls.redis.xrange(this.#key, "-", "+", "COUNT", 1);
    return !first || compareIds(first[0], cursor) > 0;
  }
}
