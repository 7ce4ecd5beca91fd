import { type CancelTimer, type Clock, sleep } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { Engine, ReadEvent } from "../engine/port/engine.ts";
import { EventFollower, type EventNews, type EventWish } from "./event-follower.ts";
import { EventRing, type KeptEvent } from "./event-ring.ts";
import { toSchedulerEvent } from "./scheduler-event.ts";

const READER = "feed";
const PAST_READER = "feed-past";
const WAIT_MS = 5_000;
const RETRY_MS = 500;
/** How long it reads on when nobody follows: most come back soon. */
const LINGER_MS = 60_000;
/** What a process keeps for those who come back, or are slow. */
const BOUNDS = { events: 20_000, chars: 32 * 1_024 * 1_024 };
const MOST_TAGGED = 20_000;
const MOST_REMEMBERED = 5_000;

/** What a feed needs. */
export interface EventFeedParts {
  readonly engine: Pick<Engine, "events" | "jobs">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Reads the log of events once for all who follow it in this process, and knows where each of them stands. It reads only while
 * somebody follows. Who comes back with a position gets what came since, from memory where possible.
 */
export class EventFeed {
  readonly ring = new EventRing(BOUNDS);
  readonly #parts: EventFeedParts;
  readonly #followers = new Set<EventFollower>();
  readonly #tags = new Map<string, readonly string[]>();
  /** For a position, the number of the first event behind it. */
  readonly #firsts = new Map<string, number>();
  #cursor = "";
  /** Everything behind this position is in the ring. */
  #start = "";
  #reading: { readonly ended: AbortController; readonly loop: Promise<void> } | undefined;
  #starting: Promise<void> | undefined;
  /** Reads of the past come one after the other: the next may find what it needs. */
  #past: Promise<unknown> = Promise.resolve();
  #stopLingering: CancelTimer = () => undefined;
  #isStopped = false;

  constructor(parts: EventFeedParts) {
    this.#parts = parts;
  }

  /** Where the feed stands. */
  get cursor(): string {
    return this.#cursor;
  }

  isAhead(cursor: string, of: string): boolean | undefined {
    return this.#parts.engine.events.isAhead(cursor, of);
  }

  /**
   * Follows the events from now on, or from a position on. If what was behind it is gone, the follower's first events say so.
   * @param after As an earlier follower's cursor, of any process.
   */
  async follow(wish: EventWish, news: EventNews, after?: string): Promise<EventFollower> {
    await this.#read();
    const follower = new EventFollower(this, wish, news, (one) => this.#leave(one));
    // From here on nothing is missed, whatever the past costs.
    this.#followers.add(follower);
    this.#stopLingering();
    try {
      if (after !== undefined) await this.#place(follower, after);
      if (wish.tag !== undefined) await this.#tagAll();
    } catch (error) {
      this.#leave(follower);
      throw error;
    }
    if (this.#isStopped) news.onEnd();
    return follower;
  }

  /** Ends all reading, and tells who follows. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopLingering();
    for (const { news } of this.#followers) news.onEnd();
    this.#followers.clear();
    await this.#rest();
  }

  #leave(follower: EventFollower): void {
    if (!this.#followers.delete(follower) || this.#followers.size > 0 || this.#isStopped) return;
    this.#stopLingering();
    this.#stopLingering = this.#parts.clock.after(LINGER_MS, () => void this.#rest(), "upkeep");
  }

  async #rest(): Promise<void> {
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.ended.abort();
    this.#forget();
    this.#tags.clear();
    await reading?.loop;
  }

  #forget(): void {
    this.ring.clear();
    this.#firsts.clear();
  }

  /** Begins to read, from now on. */
  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#starting ??= this.#begin().finally(() => (this.#starting = undefined));
    await this.#starting;
  }

  async #begin(): Promise<void> {
    const cursor = await this.#parts.engine.events.latestCursor();
    if (this.#isStopped) return;
    this.#cursor = cursor;
    this.#start = cursor;
    const ended = new AbortController();
    this.#reading = { ended, loop: this.#loop(ended.signal) };
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const { engine, clock, logger } = this.#parts;
    signal.addEventListener("abort", () => engine.events.endReader(READER), { once: true });
    while (!signal.aborted) {
      try {
        const batch = await engine.events.read(READER, this.#cursor, WAIT_MS);
        if (signal.aborted) return;
        const kept = batch.events.flatMap((read) => this.#kept(read));
        await this.#tag(kept);
        if (signal.aborted) return;
        if (batch.lost) {
          this.#forget();
          this.#start = batch.cursor;
        }
        this.#append(kept);
        this.#cursor = batch.cursor;
        if (kept.length > 0 || batch.lost) for (const { news } of this.#followers) news.onNews();
      } catch (error) {
        if (signal.aborted) return;
        logger.warn("events can't be read", { error });
        await sleep(clock, RETRY_MS, signal);
      }
    }
  }

  #append(kept: readonly KeptEvent[]): void {
    const gone = this.ring.append(kept);
    if (gone) this.#start = gone.cursor;
  }

  /** Puts a follower behind a position. */
  async #place(follower: EventFollower, after: string): Promise<void> {
    if (await this.#isKept(after)) follower.startAfter(after, this.#firstBehind(after));
    else follower.startLost();
  }

  /** The number of the first event in the ring that is behind a position. After a restart many come back to one. */
  #firstBehind(after: string): number {
    let first = this.#firsts.get(after);
    if (first === undefined) {
      first = this.ring.first;
      while (first < this.ring.end && !this.#isBehind(first, after)) first += 1;
      if (this.#firsts.size >= MOST_REMEMBERED) this.#firsts.clear();
      this.#firsts.set(after, first);
    }
    return Math.max(first, this.ring.first);
  }

  #isBehind(number: number, after: string): boolean {
    const kept = this.ring.at(number);
    return kept !== undefined && this.isAhead(kept.place, after) !== false;
  }

  /** Whether everything behind a position is in the ring, or will come. */
  async #isKept(after: string): Promise<boolean> {
    const { events } = this.#parts.engine;
    const isAhead = this.isAhead(after, this.#cursor);
    if (isAhead === undefined) return false;
    // Of another process that has read further; unless the server was restored, and counts from there.
    if (isAhead && this.isAhead(after, await events.latestCursor()) !== false) return false;
    if (this.#reaches(after)) return true;
    const load = this.#past.then(() => this.#reaches(after) || this.#load(after));
    this.#past = load.catch(() => undefined);
    return load;
  }

  #reaches(after: string): boolean {
    return this.isAhead(this.#start, after) === false;
  }

  /** Reads from a position up to what is in the ring. @returns Whether nothing is missing */
  async #load(after: string): Promise<boolean> {
    const { events } = this.#parts.engine;
    const found: KeptEvent[] = [];
    try {
      for (let cursor = after; ;) {
        const batch = await events.read(PAST_READER, cursor, 1);
        if (batch.lost) return false;
        found.push(...batch.events.flatMap((read) => this.#kept(read)));
        const isOver =
          batch.cursor === cursor || this.isAhead(this.#cursor, batch.cursor) === false;
        if (isOver || found.length > BOUNDS.events) break;
        cursor = batch.cursor;
      }
    } finally {
      events.endReader(PAST_READER);
    }
    // What the feed has not come to yet, it will bring.
    const older = found.filter(
      ({ place }) => !this.ring.has(place) && this.isAhead(place, this.#cursor) === false,
    );
    if (!this.ring.prepend(older)) return false;
    this.#start = after;
    return true;
  }

  #kept({ event, cursor, place = cursor }: ReadEvent): KeptEvent[] {
    try {
      const size = JSON.stringify(event).length;
      return [{ event: toSchedulerEvent(event), cursor, place, size }];
    } catch (error) {
      this.#parts.logger.warn("a stored event can't be read and was skipped", { error });
      return [];
    }
  }

  async #tag(events: readonly KeptEvent[]): Promise<void> {
    for (const { wish } of this.#followers)
      if (wish.tag !== undefined) return this.#addTags(events);
  }

  async #tagAll(): Promise<void> {
    const all: KeptEvent[] = [];
    for (let number = this.ring.first; number < this.ring.end; number += 1) {
      const kept = this.ring.at(number);
      if (kept && !kept.tags) all.push(kept);
    }
    await this.#addTags(all);
  }

  /** Those that the jobs have now; of a job that is gone, the last that are known. */
  async #addTags(events: readonly KeptEvent[]): Promise<void> {
    const ids = new Set(events.flatMap(({ event }) => event.jobId ?? []));
    if (ids.size === 0) return;
    if (this.#tags.size > MOST_TAGGED) this.#tags.clear();
    for (const job of await this.#parts.engine.jobs.get([...ids]))
      if (job) this.#tags.set(job.definition.id, job.definition.tags);
    for (const kept of events) kept.tags = this.#tags.get(kept.event.jobId ?? "") ?? [];
  }
}
