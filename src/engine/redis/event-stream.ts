import type { StoredEvent } from "../../jobs/event.ts";
import type { EventBatch } from "../port/engine.ts";
import type { Tell } from "../codec/readable.ts";
import { pack, readEntry, toJson } from "../codec/stored-json.ts";
import { duplicate } from "./connection.ts";
import type { RedisClient } from "./redis-client.ts";

const READ_ENTRIES = 200;

function compareIds(a: string, b: string): number {
  const [aMs = 0, aSeq = 0] = a.split("-").map(Number);
  const [bMs = 0, bSeq = 0] = b.split("-").map(Number);
  return aMs - bMs || aSeq - bSeq;
}

/** Our own event stream: one entry holds the events of one script call, in order. */
export class EventStream {
  readonly #redis: RedisClient;
  readonly #key: string;
  readonly #keep: number;
  readonly #tell: Tell;
  readonly #readers = new Map<string, RedisClient>();

  constructor(redis: RedisClient, key: string, keep: number, tell: Tell) {
    this.#redis = redis;
    this.#key = key;
    this.#keep = keep;
    this.#tell = tell;
  }

  async append(events: readonly StoredEvent[]): Promise<void> {
    const written = events.map(pack);
    await this.#redis.xadd(this.#key, "MAXLEN", "~", this.#keep, "*", "e", toJson(written));
  }

  /** A concrete id, never `$`: what is appended before the first read must not be missed. */
  async latestCursor(): Promise<string> {
    const [last] = await this.#redis.xrevrange(this.#key, "+", "-", "COUNT", 1);
    return last?.[0] ?? "0-0";
  }

  async read(reader: string, cursor: string, waitMs: number): Promise<EventBatch> {
    // Taken before anything is waited for: a reader that is ended meanwhile must not get a new one.
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
      readEntry(fields[1] ?? "[]", this.#tell).map((event) => ({ cursor: id, event })),
    );
    return { events, cursor: entries.at(-1)?.[0] ?? cursor, lost };
  }

  endReader(reader: string): void {
    this.#readers.get(reader)?.disconnect();
    this.#readers.delete(reader);
  }

  close(): void {
    for (const reader of this.#readers.keys()) this.endReader(reader);
  }

  /** Reading blocks, so each reader needs a connection of its own. */
  #connectionOf(reader: string): RedisClient {
    const known = this.#readers.get(reader);
    if (known) return known;
    const connection = duplicate(this.#redis);
    // The errors are those of the shared connection, which reports them.
    connection.on("error", () => undefined);
    this.#readers.set(reader, connection);
    return connection;
  }

  /** Trimming takes the oldest first: while the entry of the cursor is there, nothing behind it is gone. */
  async #wasTrimmedAfter(cursor: string): Promise<boolean> {
    if (cursor === "0-0") return false;
    const [first] = await this.#redis.xrange(this.#key, "-", "+", "COUNT", 1);
    return !first || compareIds(first[0], cursor) > 0;
  }
}
