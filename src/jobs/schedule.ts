import type { EpochMs } from "../core/clock.ts";
import type { Trigger } from "../triggers/trigger.ts";
import type { JobDefinition } from "./definition.ts";
import { NO_TIME, type NominalTimes, SwitchedTimes, TriggerTimes } from "./nominal-times.ts";

export { NO_TIME } from "./nominal-times.ts";

/** One occurrence of a job: its nominal time, and when it is due (later by the jitter). */
export interface Occurrence {
  readonly fireAt: EpochMs;
  readonly dueAt: EpochMs;
}

/** Consecutive occurrences as a range instead of a list. Both ends are inclusive. */
export interface Span {
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
  readonly count: number;
  /** When the last of them was due. Absent if that is its nominal time. */
  readonly dueAt?: EpochMs;
}

/** The occurrences that became due in a period: the latest ones singly, all earlier ones as one span. */
export interface DueOccurrences {
  readonly older: Span | undefined;
  readonly latest: readonly Occurrence[];
}

/**
 * How many occurrences the engine knows in advance: when a worker takes one, the next is already there, whatever
 * happens to that worker.
 */
const AHEAD = 2;

/**
 * When a job is due: combines its trigger, a first run time (`nextRunTime`) and its jitter. If its schedule is overridden
 * until an instant, the declared one goes on from then, whenever the override is taken out of the definition.
 */
export class Schedule {
  /** The one in effect; that of an override. */
  readonly trigger: Trigger;
  readonly #times: NominalTimes;
  readonly #definition: JobDefinition;
  readonly #skips: ReadonlySet<EpochMs>;

  /** @param skips Fire times that are skipped: they are due as others are, but no span has them. */
  constructor(definition: JobDefinition, skips: Iterable<EpochMs> = []) {
    this.#definition = definition;
    this.#skips = new Set(skips);
    const times = new TriggerTimes(definition);
    const { until, declared } = definition.overrides?.schedule ?? {};
    this.trigger = times.trigger;
    this.#times =
      until === undefined || !declared
        ? times
        : new SwitchedTimes(times, new TriggerTimes(declared), until);
  }

  /** The first occurrence whose nominal time is after `after`. */
  next(after: EpochMs): Occurrence | undefined {
    const fireAt = this.#times.next(after);
    return fireAt === undefined ? undefined : this.#occurrence(fireAt);
  }

  /** The first occurrence after `after` that is not skipped. */
  nextRun(after: EpochMs): Occurrence | undefined {
    let next = this.next(after);
    while (next && this.#skips.has(next.fireAt)) next = this.next(next.fireAt);
    return next;
  }

  /** Whether a job with these upcoming occurrences has none left; a manual one is never over. */
  isOver(upcoming: readonly Occurrence[]): boolean {
    const { trigger, overrides } = this.#definition;
    const last =
      overrides?.schedule?.until === undefined ? trigger : overrides.schedule.declared.trigger;
    return upcoming.length === 0 && last.kind !== "manual";
  }

  /** The occurrences after `after` that the engine should know in advance. */
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
    return this.#times.prev(before);
  }

  /**
   * The occurrences that became due after the nominal time `after` and up to `now`, at most `limit` of them singly; those that
   * are skipped come in addition.
   */
  due(after: EpochMs, now: EpochMs, limit: number): DueOccurrences {
    // Jitter never moves an occurrence past the next one, so only the last can be due later than now. One more is
    // looked up, so that this can't leave the list empty.
    const nominal = this.#latestNominal(after, now, limit + 1);
    const listed = nominal.map((fireAt) => this.#occurrence(fireAt));
    while ((listed.at(-1)?.dueAt ?? 0) > now) listed.pop();
    const latest = this.#latest(listed, limit);
    const [oldest] = latest;
    return { older: oldest && this.span(after, oldest.fireAt - 1), latest };
  }

  /**
   * The nominal time up to which every occurrence is due by `now`. With jitter, the last one may be past its nominal
   * time but not yet due; only the last, since jitter never passes the next occurrence.
   */
  dueUpTo(now: EpochMs): EpochMs {
    const latest = this.prev(now + 1);
    return latest > NO_TIME && this.#occurrence(latest).dueAt > now ? latest - 1 : now;
  }

  /** Whether this is one of the nominal times. */
  has(fireAt: EpochMs): boolean {
    return this.#times.next(fireAt - 1) === fireAt;
  }

  /** The occurrences in (`after`, `upTo`] as one span, without those that are skipped. */
  span(after: EpochMs, upTo: EpochMs): Span | undefined {
    const fromAt = this.nextRun(after)?.fireAt;
    if (fromAt === undefined || fromAt > upTo) return undefined;
    let toAt = this.prev(upTo + 1);
    while (this.#skips.has(toAt)) toAt = this.prev(toAt);
    const count = this.#times.count(fromAt - 1, toAt) - this.#skippedIn(fromAt, toAt);
    const { dueAt } = this.#occurrence(toAt);
    return { fromAt, toAt, count, ...(dueAt === toAt ? {} : { dueAt }) };
  }

  #skippedIn(fromAt: EpochMs, toAt: EpochMs): number {
    let found = 0;
    for (const at of this.#skips) if (at >= fromAt && at <= toAt && this.has(at)) found += 1;
    return found;
  }

  /** The last of a list: as many as `limit`, and with them those that are skipped. */
  #latest(list: readonly Occurrence[], limit: number): Occurrence[] {
    let from = list.length;
    for (let left = limit; from > 0 && left > 0; from -= 1)
      if (!this.#skips.has(list[from - 1]?.fireAt ?? NO_TIME)) left -= 1;
    return list.slice(from);
  }

  #latestNominal(after: EpochMs, now: EpochMs, limit: number): EpochMs[] {
    const found: EpochMs[] = [];
    let before = now + 1;
    for (let left = limit; left > 0;) {
      const fireAt = this.prev(before);
      if (fireAt <= after || fireAt === NO_TIME) break;
      found.push(fireAt);
      if (!this.#skips.has(fireAt)) left -= 1;
      before = fireAt;
    }
    return found.toReversed();
  }

  #occurrence(fireAt: EpochMs): Occurrence {
    return { fireAt, dueAt: this.#times.dueAt(this.#definition.id, fireAt) };
  }
}
