import type { EpochMs } from "../core/clock.ts";
import { createTrigger } from "../triggers/create.ts";
import { dueTime } from "../triggers/jitter.ts";
import type { Trigger } from "../triggers/trigger.ts";
import type { JobDefinition } from "./definition.ts";

/** One due time of a job: when it is nominally, and when it is to start (later by the jitter). */
export interface Occurrence {
  readonly fireAt: EpochMs;
  readonly dueAt: EpochMs;
}

/** Occurrences that stand together without being listed. Both ends belong to it. */
export interface Span {
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
  readonly count: number;
  /** When the last of them was to start. Absent: at its nominal time. */
  readonly dueAt?: EpochMs;
}

/** What was due in a stretch of time: the latest ones singly, all before them as one span. */
export interface DueOccurrences {
  readonly older: Span | undefined;
  readonly latest: readonly Occurrence[];
}

/** How many occurrences the engine knows ahead: when one is taken, the next is there, whatever becomes of who took it. */
const AHEAD = 2;

/** Before all nominal times, none of which lies before 1970. */
export const NO_TIME: EpochMs = -1;

/** When a job is due: its trigger, a first time given by hand, and its jitter, as one. */
export class Schedule {
  readonly trigger: Trigger;
  readonly #definition: JobDefinition;

  constructor(definition: JobDefinition) {
    this.#definition = definition;
    this.trigger = createTrigger(
      definition.trigger,
      new Map(Object.entries(definition.calendars ?? {})),
    );
  }

  /** The first occurrence whose nominal time is after `after`. */
  next(after: EpochMs): Occurrence | undefined {
    const fireAt = this.#nextFire(after);
    return fireAt === undefined ? undefined : this.#occurrence(fireAt);
  }

  /** Whether nothing is left for a job with these occurrences ahead; one that runs only when asked is never over. */
  isOver(upcoming: readonly Occurrence[]): boolean {
    return upcoming.length === 0 && this.#definition.trigger.kind !== "manual";
  }

  /** The occurrences after `after` that the engine is to know of. */
  ahead(after: EpochMs): Occurrence[] {
    const found: Occurrence[] = [];
    let from = after;
    while (found.length < AHEAD) {
      const occurrence = this.next(from);
      if (!occurrence) break;
      found.push(occurrence);
      from = occurrence.fireAt;
    }
    return found;
  }

  /** The last nominal time before `before`, or {@link NO_TIME}. */
  prev(before: EpochMs): EpochMs {
    const { firstRunAt } = this.#definition;
    if (firstRunAt !== null && before <= firstRunAt) return NO_TIME;
    const fireAt = this.trigger.prev(before);
    if (firstRunAt !== null && (fireAt === undefined || fireAt < firstRunAt)) return firstRunAt;
    return Math.max(fireAt ?? NO_TIME, NO_TIME);
  }

  /** What became due after the nominal time `after` and up to `now`; at most `limit` are listed singly. */
  due(after: EpochMs, now: EpochMs, limit: number): DueOccurrences {
    // Jitter moves an occurrence but never past the next one, so only the last can be due later than now: one more is
    // looked at, so that the list is not empty because of it.
    const nominal = this.#latestNominal(after, now, limit + 1);
    const listed = nominal.map((fireAt) => this.#occurrence(fireAt));
    while ((listed.at(-1)?.dueAt ?? 0) > now) listed.pop();
    const latest = listed.slice(-limit);
    const [oldest] = latest;
    return { older: oldest && this.span(after, oldest.fireAt - 1), latest };
  }

  /**
   * The nominal time up to which all has become due by `now`. An occurrence that is spread by jitter may have its nominal
   * time behind it and still be to come; no more than one can, since jitter never passes the next occurrence.
   */
  dueUpTo(now: EpochMs): EpochMs {
    const latest = this.prev(now + 1);
    return latest > NO_TIME && this.#occurrence(latest).dueAt > now ? latest - 1 : now;
  }

  /** Whether this is one of the nominal times. */
  has(fireAt: EpochMs): boolean {
    return this.#nextFire(fireAt - 1) === fireAt;
  }

  /** The occurrences in (`after`, `upTo`] as one span. */
  span(after: EpochMs, upTo: EpochMs): Span | undefined {
    const fromAt = this.#nextFire(after);
    if (fromAt === undefined || fromAt > upTo) return undefined;
    const { firstRunAt } = this.#definition;
    const startsByHand = firstRunAt !== null && fromAt === firstRunAt;
    const toAt = this.prev(upTo + 1);
    const count = startsByHand
      ? 1 + this.trigger.count(firstRunAt, upTo)
      : this.trigger.count(after, upTo);
    const { dueAt } = this.#occurrence(toAt);
    return { fromAt, toAt, count, ...(dueAt === toAt ? {} : { dueAt }) };
  }

  #nextFire(after: EpochMs): EpochMs | undefined {
    const { firstRunAt } = this.#definition;
    return firstRunAt !== null && after < firstRunAt ? firstRunAt : this.trigger.next(after);
  }

  #latestNominal(after: EpochMs, now: EpochMs, limit: number): EpochMs[] {
    const found: EpochMs[] = [];
    let before = now + 1;
    while (found.length < limit) {
      const fireAt = this.prev(before);
      if (fireAt <= after || fireAt === NO_TIME) break;
      found.push(fireAt);
      before = fireAt;
    }
    return found.toReversed();
  }

  #occurrence(fireAt: EpochMs): Occurrence {
    const { jitter, id } = this.#definition;
    if (jitter === null) return { fireAt, dueAt: fireAt };
    const nextFireAt = this.trigger.next(fireAt);
    return { fireAt, dueAt: dueTime({ jobId: id, fireAt, nextFireAt, jitter }) };
  }
}
