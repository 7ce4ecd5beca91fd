import FlatQueue from "flatqueue";
import type { EpochMs } from "../core/clock.ts";

/** What happens at an instant: an attempt ends or goes on, queued runs are looked at again, an occurrence is due. */
export type HappeningKind = 0 | 1 | 2;
/** Ends come first, so that a run that is due at the end of another finds its place free. */
export const RUN_TURNS: HappeningKind = 0;
export const LOOK_AGAIN: HappeningKind = 1;
export const JOB_IS_DUE: HappeningKind = 2;

const KINDS = 4;
/** Jobs are told apart as finely as 53 bits allow beside a time of {@link LONGEST_MS}. */
const RANKS = 4_096;
/** The longest period that a timeline orders exactly. */
export const LONGEST_MS = 3_660 * 86_400_000;

/** What is still to happen, in its order: by time, then by kind, then by the order of the jobs. */
export class Timeline {
  readonly #queue = new FlatQueue();
  readonly #fromAt: EpochMs;
  readonly #jobsPerRank: number;
  /** The time of the last happening. */
  now: EpochMs;
  kind: HappeningKind = RUN_TURNS;
  /** Whose: what was given to {@link add}. */
  index = 0;

  constructor(fromAt: EpochMs, jobCount: number) {
    this.#fromAt = fromAt;
    this.now = fromAt;
    this.#jobsPerRank = Math.ceil(jobCount / RANKS);
  }

  /** @param job The job's number, for the order within an instant. */
  add(at: EpochMs, kind: HappeningKind, index: number, job: number): void {
    // Dividing is only needed for very many jobs.
    const rank = this.#jobsPerRank <= 1 ? job : Math.floor(job / this.#jobsPerRank);
    const place = ((at - this.#fromAt) * KINDS + kind) * RANKS + rank;
    this.#queue.push(index * KINDS + kind, place);
  }

  /** Goes to the next happening before `until`, or at it if a run ends there. @returns `false` if there is none */
  advance(until: EpochMs): boolean {
    const place = this.#queue.peekValue();
    if (place === undefined) return false;
    const at = this.#fromAt + Math.floor(place / (KINDS * RANKS));
    if (at > until || (at === until && Math.floor(place / RANKS) % KINDS !== RUN_TURNS))
      return false;
    const item = this.#queue.pop() ?? 0;
    this.now = at;
    this.kind = (item % KINDS) as HappeningKind;
    this.index = Math.floor(item / KINDS);
    return true;
  }
}
