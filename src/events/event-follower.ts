import { isVisible, type Scope } from "../jobs/scope.ts";
import type { EventRing, KeptEvent } from "./event-ring.ts";

/** Which events to follow; all that is given must hold. */
export interface EventWish {
  /** Whose events may be seen. */
  readonly sees: Scope;
  /** A sum of `EVENT_…` bits. */
  readonly mask: number;
  readonly jobId?: string | undefined;
  /** Of jobs that had this owner then. */
  readonly owner?: string | undefined;
  /** Of jobs that have this tag, or had it when the event was read. */
  readonly tag?: string | undefined;
}

/** Who is told of news. */
export interface EventNews {
  /** There may be something to take. */
  readonly onNews: () => void;
  /** There will be nothing more. */
  readonly onEnd: () => void;
}

/** Events that a follower took. */
export interface TakenEvents {
  readonly events: readonly KeptEvent[];
  /** Where to follow on from. */
  readonly cursor: string;
  /** Whether events before these were lost: they were trimmed, or the follower was too slow. */
  readonly isLost: boolean;
  /** Whether there may be more to take. */
  readonly hasMore: boolean;
}

/** Events that one call looks at. */
const MAX_LOOKED = 5_000;

/** What a follower sees of the feed that it belongs to. */
export interface FollowedFeed {
  readonly ring: EventRing;
  /** Where the feed stands. */
  readonly cursor: string;
  isAhead(cursor: string, of: string): boolean | undefined;
}

/** Somebody who follows the events. Keeps nothing but a place. */
export class EventFollower {
  readonly news: EventNews;
  readonly wish: EventWish;
  readonly #feed: FollowedFeed;
  readonly #close: (follower: EventFollower) => void;
  #next: number;
  /** Only what is behind this; absent: everything from the next event on. */
  #after: string | undefined;
  #isLost = false;

  constructor(
    feed: FollowedFeed,
    wish: EventWish,
    news: EventNews,
    close: (follower: EventFollower) => void,
  ) {
    this.#feed = feed;
    this.wish = wish;
    this.news = news;
    this.#close = close;
    this.#next = feed.ring.end;
  }

  /** Where the feed stands. */
  get cursor(): string {
    return this.#feed.cursor;
  }

  /**
   * Goes back to what is behind a position.
   * @param first The number of the first event that may be.
   */
  startAfter(cursor: string, first: number): void {
    this.#next = first;
    this.#after = cursor;
  }

  /** Events were lost before the first that it will take. */
  startLost(): void {
    this.#isLost = true;
  }

  /** Takes what there is: `most` events, and about as many characters of their JSON, at most. */
  take(most: number, mostChars = Infinity): TakenEvents {
    const { ring } = this.#feed;
    if (this.#next < ring.first || this.#isLost) {
      this.#isLost = false;
      this.#after = undefined;
      this.#next = ring.end;
      return { events: [], cursor: this.#feed.cursor, isLost: true, hasMore: false };
    }
    const events: KeptEvent[] = [];
    const until = Math.min(ring.end, this.#next + MAX_LOOKED);
    let last: KeptEvent | undefined;
    let chars = 0;
    while (this.#next < until && events.length < most && chars < mostChars) {
      last = ring.at(this.#next);
      this.#next += 1;
      if (!last || !this.#isWanted(last)) continue;
      events.push(last);
      chars += last.size;
    }
    const hasMore = this.#next < ring.end;
    const cursor = hasMore && last ? last.cursor : this.#feed.cursor;
    if (!hasMore) this.#catchUp();
    return { events, cursor: this.#cursorOr(cursor), isLost: false, hasMore };
  }

  close(): void {
    this.#close(this);
  }

  /** It knows of a position that the feed has not come to yet, or is no further than the feed. */
  #catchUp(): void {
    if (this.#after !== undefined && this.#feed.isAhead(this.#after, this.#feed.cursor) !== true)
      this.#after = undefined;
  }

  #cursorOr(cursor: string): string {
    return this.#after !== undefined && this.#feed.isAhead(this.#after, cursor) === true
      ? this.#after
      : cursor;
  }

  #isWanted({ event, place, tags }: KeptEvent): boolean {
    const { sees, mask, jobId, owner, tag } = this.wish;
    if ((event.code & mask) === 0 || !isVisible(sees, event.owner)) return false;
    if (jobId !== undefined && event.jobId !== jobId) return false;
    if (owner !== undefined && event.owner !== owner) return false;
    if (tag !== undefined && tags?.includes(tag) !== true) return false;
    return this.#after === undefined || this.#feed.isAhead(place, this.#after) !== false;
  }
}
