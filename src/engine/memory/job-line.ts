import type { EpochMs } from "../../core/clock.ts";
import type { QueueJobState } from "../../jobs/decide/state.ts";
import { type HeapPlace, PlaceHeap } from "./place-heap.ts";

/** A queue job, and where it is. */
export interface LineJob {
  readonly id: string;
  readonly pipeline: string;
  /** Taken after all others that are due. */
  readonly isLast: boolean;
  readonly state: QueueJobState;
  /** When it becomes due, while it is delayed. */
  readonly dueAt: EpochMs | undefined;
  /** How often it was taken. */
  readonly takes: number;
  /** The token of whoever has it. */
  readonly lock: string | undefined;
  /** When the lock ends; `Infinity` while its holder lives. */
  readonly lockedUntil: EpochMs;
}

type Kept = { -readonly [K in keyof LineJob]: LineJob[K] } & {
  /** Its number among those that came; it keeps it when it is handed back. */
  order: number;
  place: Place | undefined;
};

interface Place extends HeapPlace {
  readonly job: Kept;
}

/** A queue job to be added. */
export interface NewLineJob extends Pick<LineJob, "id" | "pipeline"> {
  readonly dueAt: EpochMs;
  readonly isLast?: boolean;
}

/**
 * The queue jobs of one queue. Those that wait are taken in the order in which they came; those that become due line up
 * behind them, and those that are to be last come after both. It has no clock: whoever calls says what time it is.
 */
export class JobLine {
  readonly #jobs = new Map<string, Kept>();
  readonly #waiting = new PlaceHeap<Place>();
  readonly #last = new PlaceHeap<Place>();
  readonly #delayed = new PlaceHeap<Place>();
  readonly #onNews: () => void;
  #arrivals = 0;

  /** @param onNews Called when something may be taken that could not be before, or sooner. */
  constructor(onNews: () => void) {
    this.#onNews = onNews;
  }

  find(id: string): LineJob | undefined {
    return this.#jobs.get(id);
  }

  /** Leaves one of this id as it is. */
  add({ id, pipeline, dueAt, isLast = false }: NewLineJob, now: EpochMs): void {
    if (this.#jobs.has(id)) return;
    const job: Kept = {
      id,
      pipeline,
      isLast,
      state: "waiting",
      dueAt: undefined,
      takes: 0,
      lock: undefined,
      lockedUntil: 0,
      order: 0,
      place: undefined,
    };
    this.#jobs.set(id, job);
    if (dueAt > now) this.#delay(job, dueAt);
    else this.#arrive(job);
  }

  /** @returns Whether there was one. */
  remove(id: string): boolean {
    const job = this.#jobs.get(id);
    if (!job) return false;
    this.#leave(job);
    return this.#jobs.delete(id);
  }

  /** Takes the first one, if any is due. */
  take(lock: string, now: EpochMs): LineJob | undefined {
    this.#release(now);
    const first = this.#waiting.first() ?? this.#last.first();
    return first && this.#hold(first.job, lock);
  }

  /** Takes this one, due or not. */
  takeOut(id: string, lock: string): LineJob | undefined {
    const job = this.#jobs.get(id);
    return job && this.#hold(job, lock);
  }

  /** Whether somebody has it by this lock, which has not ended. */
  isHeld(id: string, lock: string, now: EpochMs): boolean {
    const job = this.#held(id, lock);
    return job !== undefined && job.lockedUntil > now;
  }

  /** Ends one. @returns whether it was held by this lock */
  end(id: string, lock: string): boolean {
    return this.#held(id, lock) !== undefined && this.remove(id);
  }

  /** Puts one back until it is due. */
  park(id: string, lock: string, dueAt: EpochMs): void {
    const job = this.#held(id, lock);
    if (job) this.#delay(job, dueAt);
  }

  /** Puts one back where it was, so that others take it at once. */
  handBack(id: string, lock: string): void {
    const job = this.#held(id, lock);
    if (job) this.#wait(job);
  }

  /** Nobody renews this lock any more. */
  letEnd(id: string, lock: string, at: EpochMs): void {
    const job = this.#held(id, lock);
    if (job) job.lockedUntil = at;
  }

  /** When the next one becomes due of those that are not. */
  get nextDueAt(): EpochMs | undefined {
    return this.#delayed.first()?.at;
  }

  /** How many somebody has. */
  get held(): number {
    return this.#jobs.size - this.#waiting.size - this.#last.size - this.#delayed.size;
  }

  /** Whether one could be taken now. */
  hasDue(now: EpochMs): boolean {
    return this.#waiting.size + this.#last.size > 0 || (this.nextDueAt ?? now + 1) <= now;
  }

  /** Those that nobody has: those that wait, then by their time. */
  inLine(): LineJob[] {
    return [this.#waiting, this.#last, this.#delayed].flatMap((heap) =>
      heap.inOrder().map(({ job }) => job),
    );
  }

  /** The ids of those whose lock has not ended, `limit` at most. */
  taken(now: EpochMs, limit: number): string[] {
    const ids: string[] = [];
    for (const { id, lock, lockedUntil } of this.#jobs.values()) {
      if (ids.length >= limit) break;
      if (lock !== undefined && lockedUntil > now) ids.push(id);
    }
    return ids;
  }

  #held(id: string, lock: string): Kept | undefined {
    const job = this.#jobs.get(id);
    return job?.lock === lock ? job : undefined;
  }

  #release(now: EpochMs): void {
    for (;;) {
      const first = this.#delayed.first();
      if (!first || first.at > now) return;
      this.#arrive(first.job);
    }
  }

  #arrive(job: Kept): void {
    this.#arrivals += 1;
    job.order = this.#arrivals;
    this.#wait(job);
  }

  #wait(job: Kept): void {
    this.#leave(job);
    job.state = "waiting";
    job.dueAt = undefined;
    this.#stand(job, job.isLast ? this.#last : this.#waiting, 0);
    this.#onNews();
  }

  #delay(job: Kept, dueAt: EpochMs): void {
    this.#leave(job);
    this.#arrivals += 1;
    job.order = this.#arrivals;
    job.state = "delayed";
    job.dueAt = dueAt;
    this.#stand(job, this.#delayed, dueAt);
    if (this.#delayed.first() === job.place) this.#onNews();
  }

  #stand(job: Kept, heap: PlaceHeap<Place>, at: EpochMs): void {
    job.lock = undefined;
    job.place = { job, at, order: job.order, isGone: false };
    heap.add(job.place);
  }

  #hold(job: Kept, lock: string): LineJob {
    this.#leave(job);
    job.state = "active";
    job.dueAt = undefined;
    job.takes += 1;
    job.lock = lock;
    job.lockedUntil = Number.POSITIVE_INFINITY;
    return job;
  }

  #leave({ place, state, isLast }: Kept): void {
    if (!place) return;
    const heap = state === "delayed" ? this.#delayed : isLast ? this.#last : this.#waiting;
    heap.leave(place);
  }
}
