import { type Clock, within } from "../../core/clock.ts";
import { DEFAULT_QUEUE } from "../../jobs/queue.ts";
import type { StoredEvent } from "../../jobs/event.ts";
import type { Engine } from "../port/engine.ts";
import type { EventBatch, EventsPort } from "../port/events.ts";
import type { Queues } from "./queues.ts";

/** Before the first event of any engine's log. */
const BEGINNING = "0-0";

/** How far each queue's log was read, by the queue's name. */
type Positions = ReadonlyMap<string, string>;

interface ReadEnd {
  readonly queue: string;
  readonly batch?: EventBatch;
  readonly error?: unknown;
}

/** A read of one queue's log that was not handed on yet. */
interface Read {
  readonly engine: Engine;
  readonly cursor: string;
  /** When it ends by itself, on this process's monotonic clock. */
  readonly until: number;
  readonly end: Promise<ReadEnd>;
}

/** What a call to {@link MultiQueueEvents.read} wants to be under way. */
interface Wanted {
  readonly reader: string;
  readonly reads: Map<string, Read>;
  readonly engines: ReadonlyMap<string, Engine>;
  readonly positions: Positions;
  readonly leftMs: number;
  readonly until: number;
}

/**
 * The events of all queues as one log. Each queue has a log of its own, in its own order; between two queues there is
 * none. A cursor is that of the default queue as long as there is no other, and then a JSON object with one for each.
 */
export class MultiQueueEvents implements EventsPort {
  readonly #queues: Queues;
  readonly #clock: Clock;
  /** By reader, the reads that are under way, by queue. A call that has its events leaves the others to the next one. */
  readonly #readers = new Map<string, Map<string, Read>>();

  constructor(queues: Queues, clock: Clock) {
    this.#queues = queues;
    this.#clock = clock;
  }

  append(events: readonly StoredEvent[]): Promise<void> {
    return this.#queues.home.events.append(events);
  }

  async latestCursor(): Promise<string> {
    const engines = await this.#engines();
    const positions = await Promise.all(
      [...engines].map(
        async ([queue, engine]) => [queue, await engine.events.latestCursor()] as const,
      ),
    );
    return written(new Map(positions));
  }

  /** A queue that is new wakes who waits, by an entry without events in the default queue's log. */
  async read(reader: string, cursor: string, waitMs: number): Promise<EventBatch> {
    // Taken before anything is waited for: a reader that is ended meanwhile must not begin anew.
    const reads = this.#readsOf(reader);
    const isEnded = (): boolean => this.#readers.get(reader) !== reads;
    const engines = await this.#engines();
    if (isEnded()) return { events: [], cursor, lost: false };
    if (engines.size === 1) return this.#queues.home.events.read(reader, cursor, waitMs);
    const known = parsed(cursor);
    const positions = new Map(
      [...engines.keys()].map((queue) => [queue, known.get(queue) ?? BEGINNING]),
    );
    const nothing: EventBatch = { events: [], cursor: written(positions), lost: false };
    const until = this.#clock.elapsed() + waitMs;
    for (let leftMs = waitMs; ; leftMs = until - this.#clock.elapsed()) {
      if (leftMs > 0) this.#begin({ reader, reads, engines, positions, leftMs, until });
      // Those that began in this call end with it; an older one may have more time left.
      const ending = [...reads.values()].filter((read) => read.until <= until);
      if (leftMs <= 0 && ending.length === 0) return nothing;
      const first = Promise.race([...reads.values()].map(({ end }) => end));
      const end = await (ending.length > 0 ? first : within(this.#clock, leftMs, first, "upkeep"));
      if (isEnded()) return nothing;
      if (!end) continue;
      reads.delete(end.queue);
      if (!end.batch) throw end.error;
      const isNews = end.batch.lost || end.batch.cursor !== positions.get(end.queue);
      if (isNews || end.batch.events.length > 0) return onward(positions, end.queue, end.batch);
    }
  }

  endReader(reader: string): void {
    const reads = this.#readers.get(reader);
    this.#readers.delete(reader);
    this.#queues.home.events.endReader(reader);
    for (const [queue, { engine }] of reads ?? [])
      if (queue !== DEFAULT_QUEUE) engine.events.endReader(reader);
  }

  isAhead(cursor: string, of: string): boolean | undefined {
    const places = parsed(of);
    let isAny: boolean | undefined = false;
    for (const [queue, place] of parsed(cursor)) {
      const isAhead = this.#queues.home.events.isAhead(place, places.get(queue) ?? BEGINNING);
      if (isAhead === undefined) return undefined;
      isAny ||= isAhead;
    }
    return isAny;
  }

  loadCursor(listener: string): Promise<string | undefined> {
    return this.#queues.home.events.loadCursor(listener);
  }

  saveCursor(listener: string, cursor: string): Promise<void> {
    return this.#queues.home.events.saveCursor(listener, cursor);
  }

  async #engines(): Promise<ReadonlyMap<string, Engine>> {
    return new Map<string, Engine>([
      [DEFAULT_QUEUE, this.#queues.home],
      ...(await this.#queues.others()),
    ]);
  }

  #readsOf(reader: string): Map<string, Read> {
    const known = this.#readers.get(reader);
    if (known) return known;
    const reads = new Map<string, Read>();
    this.#readers.set(reader, reads);
    return reads;
  }

  /** Sees to it that every queue is being read from its position. */
  #begin({ reader, reads, engines, positions, leftMs, until }: Wanted): void {
    for (const [queue, engine] of engines) {
      const cursor = positions.get(queue) ?? BEGINNING;
      const known = reads.get(queue);
      if (known?.cursor === cursor) continue;
      // The reader went elsewhere, as a named listener does that lost its lease: what it waited for is of no use.
      if (known) engine.events.endReader(reader);
      const end = engine.events.read(reader, cursor, leftMs).then(
        (batch): ReadEnd => ({ queue, batch }),
        (error: unknown): ReadEnd => ({ queue, error }),
      );
      reads.set(queue, { engine, cursor, until, end });
    }
  }
}

/** The batch of one queue as one of all: with where the others stand. */
function onward(positions: Positions, queue: string, batch: EventBatch): EventBatch {
  const place = (cursor: string): string => written(new Map([...positions, [queue, cursor]]));
  return {
    events: batch.events.map(({ cursor, event }) => ({
      cursor: place(cursor),
      place: written(new Map([[queue, cursor]])),
      event,
    })),
    cursor: place(batch.cursor),
    lost: batch.lost,
  };
}

function written(positions: Positions): string {
  const home = positions.get(DEFAULT_QUEUE);
  if (positions.size === 1 && home !== undefined) return home;
  return JSON.stringify(Object.fromEntries(positions));
}

function parsed(cursor: string): Positions {
  if (!cursor.startsWith("{")) return new Map([[DEFAULT_QUEUE, cursor]]);
  return new Map(Object.entries(JSON.parse(cursor) as Record<string, string>));
}
