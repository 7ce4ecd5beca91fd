import type { EpochMs } from "../../core/clock.ts";

/** Where something stands in a line: first by an instant, then by the order of arrival. */
export interface HeapPlace {
  readonly at: EpochMs;
  readonly order: number;
  /** It was given up; the heap drops it when it comes across it. */
  isGone: boolean;
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
      const first = this.#places[0];
      if (first === undefined || !first.isGone) return first;
      this.#gone -= 1;
      this.#dropFirst();
    }
  }

  leave(place: P): void {
    if (place.isGone) return;
    place.isGone = true;
    this.#gone += 1;
    if (this.#gone <= FEW || this.#gone * 2 <= this.#places.length) return;
    // A sorted list is a heap.
    this.#places = this.inOrder();
    this.#gone = 0;
  }

  inOrder(): P[] {
    return this.#places
      .filter(({ isGone }) => !isGone)
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
      if (!this.#isBefore(at, above)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const left = at * 2 + 1;
      const next = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(next, at)) return;
      this.#swap(next, at);
      at = next;
    }
  }

  #swap(one: number, other: number): void {
    const place = this.#places[one];
    const another = this.#places[other];
    if (!place || !another) return;
    this.#places[one] = another;
    this.#places[other] = place;
  }

  /** False if there is none at either index. */
  #isBefore(one: number, other: number): boolean {
    const a = this.#places[one];
    const b = this.#places[other];
    if (!a || !b) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }
}
