import type { EpochMs } from "../../core/clock.ts";

/** Where something stands in a line: first by an instant, then by the order of arrival. */
export interface HeapPlace {
  readonly at: EpochMs;
  readonly order: number;
  /** It was given up; the heap drops it when it comes across it. */
  isGone?: boolean;
}

/** Places that were given up are swept out when they are more than this, and more than half of all. */
const FEW = 64;

/** A line that knows its first place: a binary heap. Adding and leaving take logarithmic time, on average. */
export class PlaceHeap<P extends HeapPlace> {
  #places: P[] = [];
  #gone = 0;

  /** How many stand in it. */
  get size(): number {
    return this.#places.length - this.#gone;
  }

  add(place: P): void {
    this.#places.push(place);
    this.#rise(this.#places.length - 1);
  }

  first(): P | undefined {
    for (;;) {
      const [first] = this.#places;
      if (first?.isGone !== true) return first;
      this.#gone -= 1;
      this.#dropFirst();
    }
  }

  leave(place: P): void {
    if (place.isGone === true) return;
    place.isGone = true;
    this.#gone += 1;
    if (this.#gone <= FEW || this.#gone * 2 <= this.#places.length) return;
    // A sorted list is a heap.
    this.#places = this.inOrder();
    this.#gone = 0;
  }

  inOrder(): P[] {
    return this.#places
      .filter(({ isGone }) => isGone !== true)
      .toSorted((a, b) => a.at - b.at || a.order - b.order);
  }

  #dropFirst(): void {
    const last = this.#places.pop();
    if (last === undefined || this.#places.length === 0) return;
    this.#places[0] = last;
    this.#sink();
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#swapped(above, at)) return;
      at = above;
    }
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const left = at * 2 + 1;
      const next = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#swapped(at, next)) return;
      at = next;
    }
  }

  /** Puts a place below behind the one above it, if it has to be before it. */
  #swapped(above: number, below: number): boolean {
    if (!this.#isBefore(below, above)) return false;
    const [high, low] = [this.#places[above], this.#places[below]];
    if (!high || !low) return false;
    this.#places[above] = low;
    this.#places[below] = high;
    return true;
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#places[one], this.#places[other]];
    if (!a || !b) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }
}
