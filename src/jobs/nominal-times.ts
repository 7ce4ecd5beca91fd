import type { EpochMs } from "../core/clock.ts";
import { type Jitter, spread } from "../triggers/jitter.ts";
import type { Trigger } from "../triggers/trigger.ts";
import type { Timing } from "./definition.ts";
import { triggerOf } from "./trigger-of.ts";

/** Earlier than any nominal time, since none is before 1970. */
export const NO_TIME: EpochMs = -1;

/** The nominal times of a job. */
export interface NominalTimes {
  /** The first after `after`. */
  next(after: EpochMs): EpochMs | undefined;
  /** The last before `before`, or {@link NO_TIME}. */
  prev(before: EpochMs): EpochMs;
  /** How many there are in (`after`, `upTo`]. */
  count(after: EpochMs, upTo: EpochMs): number;
  /** When the occurrence of a nominal time is due. */
  dueAt(jobId: string, fireAt: EpochMs): EpochMs;
}

/** Those of a trigger, and a first one (`nextRunTime`) before them. */
export class TriggerTimes implements NominalTimes {
  readonly trigger: Trigger;
  readonly #firstRunAt: EpochMs | null;
  readonly #jitter: Jitter | null;

  constructor(timing: Timing) {
    this.trigger = triggerOf(timing);
    this.#firstRunAt = timing.firstRunAt;
    this.#jitter = timing.jitter;
  }

  next(after: EpochMs): EpochMs | undefined {
    const first = this.#firstRunAt;
    return first !== null && after < first ? first : this.trigger.next(after);
  }

  prev(before: EpochMs): EpochMs {
    const first = this.#firstRunAt;
    if (first !== null && before <= first) return NO_TIME;
    const fireAt = this.trigger.prev(before);
    if (first !== null && (fireAt === undefined || fireAt < first)) return first;
    return Math.max(fireAt ?? NO_TIME, NO_TIME);
  }

  count(after: EpochMs, upTo: EpochMs): number {
    const first = this.#firstRunAt;
    if (first === null || after >= first) return this.trigger.count(after, upTo);
    return upTo < first ? 0 : 1 + this.trigger.count(first, upTo);
  }

  dueAt(jobId: string, fireAt: EpochMs): EpochMs {
    const jitter = this.#jitter;
    if (jitter === null) return fireAt;
    return spread({ jobId, fireAt, nextFireAt: this.trigger.next(fireAt), jitter });
  }
}

/** Those of one schedule before an instant, and those of another from then on. */
export class SwitchedTimes implements NominalTimes {
  readonly #before: NominalTimes;
  readonly #after: NominalTimes;
  readonly #at: EpochMs;

  constructor(before: NominalTimes, after: NominalTimes, at: EpochMs) {
    this.#before = before;
    this.#after = after;
    this.#at = at;
  }

  next(after: EpochMs): EpochMs | undefined {
    const fireAt = after < this.#at ? this.#before.next(after) : undefined;
    if (fireAt !== undefined && fireAt < this.#at) return fireAt;
    return this.#after.next(Math.max(after, this.#at - 1));
  }

  prev(before: EpochMs): EpochMs {
    const fireAt = before > this.#at ? this.#after.prev(before) : NO_TIME;
    return fireAt >= this.#at ? fireAt : this.#before.prev(Math.min(before, this.#at));
  }

  count(after: EpochMs, upTo: EpochMs): number {
    const last = this.#at - 1;
    const before = after < last ? this.#before.count(after, Math.min(upTo, last)) : 0;
    return before + (upTo > last ? this.#after.count(Math.max(after, last), upTo) : 0);
  }

  /** Jitter never passes the next occurrence, so never the first one of the other schedule either. */
  dueAt(jobId: string, fireAt: EpochMs): EpochMs {
    if (fireAt >= this.#at) return this.#after.dueAt(jobId, fireAt);
    const dueAt = this.#before.dueAt(jobId, fireAt);
    const next = this.#after.next(this.#at - 1);
    return next === undefined ? dueAt : Math.min(dueAt, Math.max(fireAt, next - 1));
  }
}
