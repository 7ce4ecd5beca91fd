import type { SchedulerEvent } from "./scheduler-event.ts";

/** An event that was read, as it is kept for those who follow. */
export interface KeptEvent {
  readonly event: SchedulerEvent;
  /** Where to read on after it. */
  readonly cursor: string;
  /** Its place in the log of its queue. */
  readonly place: string;
  /** Characters that it has as JSON, about. */
  readonly size: number;
  /** The tags of its job, if somebody asked for them. */
  tags?: readonly string[];
}

/** How much a ring keeps. */
export interface RingBounds {
  readonly events: number;
  /** Characters of the events as JSON. */
  readonly chars: number;
}

/**
 * The newest events, numbered without gaps; numbers may be negative, since older ones may be put in front. Who follows needs
 * only the number of the next event, so that a thousand slow readers keep nothing.
 */
export class EventRing {
  readonly #bounds: RingBounds;
  #events: KeptEvent[] = [];
  #first = 0;
  #chars = 0;
  /** How often each place is here: the events of one step share it. */
  readonly #places = new Map<string, number>();

  constructor(bounds: RingBounds) {
    this.#bounds = bounds;
  }

  /** The number of the oldest event. */
  get first(): number {
    return this.#first;
  }

  /** The number that the next event will get. */
  get end(): number {
    return this.#first + this.#events.length;
  }

  /** Whether it holds as much as it may. */
  get isFull(): boolean {
    return this.#events.length >= this.#bounds.events || this.#chars >= this.#bounds.chars;
  }

  at(number: number): KeptEvent | undefined {
    return this.#events[number - this.#first];
  }

  has(place: string): boolean {
    return this.#places.has(place);
  }

  /** Adds events behind all others; the oldest go if there are too many. @returns The last that went */
  append(events: readonly KeptEvent[]): KeptEvent | undefined {
    for (const event of events) {
      this.#events.push(event);
      this.#enter(event);
    }
    let excess = 0;
    let last: KeptEvent | undefined;
    while (this.#isBeyond(excess) || (last && this.#events[excess]?.place === last.place)) {
      last = this.#events[excess];
      this.#leave(last);
      excess += 1;
    }
    if (excess > 0) this.#cut(excess);
    return last;
  }

  /** Puts older events in front of all others, the newest of them that have room. @returns Whether all had */
  prepend(events: readonly KeptEvent[]): boolean {
    const added: KeptEvent[] = [];
    for (const event of events.toReversed()) {
      if (this.isFull || this.#events.length + added.length >= this.#bounds.events) break;
      added.push(event);
      this.#enter(event);
    }
    this.#events = [...added.toReversed(), ...this.#events];
    this.#first -= added.length;
    return added.length === events.length;
  }

  /** Forgets everything, and leaves a gap: whoever followed has lost events. */
  clear(): void {
    this.#first = this.end + 1;
    this.#events = [];
    this.#chars = 0;
    this.#places.clear();
  }

  /** Moving all events costs, so room is made for some at once. What shares a place goes together. */
  #isBeyond(dropped: number): boolean {
    const left = this.#events.length - dropped;
    const { events, chars } = this.#bounds;
    if (left <= 1) return false;
    if (dropped === 0) return left > events || this.#chars > chars;
    return left > events * 0.95 || this.#chars > chars * 0.95;
  }

  #cut(count: number): void {
    this.#events = this.#events.slice(count);
    this.#first += count;
  }

  #enter({ place, size }: KeptEvent): void {
    this.#chars += size;
    this.#places.set(place, (this.#places.get(place) ?? 0) + 1);
  }

  #leave(kept: KeptEvent | undefined): void {
    if (!kept) return;
    this.#chars -= kept.size;
    const left = (this.#places.get(kept.place) ?? 1) - 1;
    if (left === 0) this.#places.delete(kept.place);
    else this.#places.set(kept.place, left);
  }
}
