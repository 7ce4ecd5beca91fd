import type { EpochMs } from "../../core/clock.ts";
import { DAY_MS, LAST_DAY } from "../time/civil.ts";
import type { LocalMs } from "../time/zone.ts";
import type { Trigger } from "../trigger.ts";
import { CronTrigger } from "./cron-trigger.ts";

/** Most members, one bit each in a single integer. */
const MAX_MEMBERS = 30;
const DAY_SECONDS = 86_400;

/** A trigger that combines others: `any` fires when one of them does, `all` when all do. */
export interface Combined {
  readonly mode: "any" | "all";
  readonly members: readonly Trigger[];
  /** Whether it has bounds of its own, besides those of its members. */
  readonly isBounded: boolean;
}

/** A member, by its bit, or a combination. */
type Node = number | { readonly mode: "any" | "all"; readonly nodes: readonly Node[] };

/**
 * Counts the instants in (`from`, `to`] at which a combination of cron triggers of one zone fires, day by day: the
 * times of day are listed once per set of members. The time stays bounded however often they fire and however long the
 * span is.
 * @returns `undefined` if the members are of another kind; the caller then has to step through the fire times.
 */
export function countCombined(combined: Combined, from: EpochMs, to: EpochMs): number | undefined {
  const members: CronTrigger[] = [];
  const root = nodeOf(combined, members);
  const [first] = members;
  if (root === undefined || first === undefined || members.length > MAX_MEMBERS) return undefined;
  if (members.some(({ zone }) => zone !== first.zone)) return undefined;
  return new CombinedCounter(members, first, root).count(Math.floor(from) + 1, Math.floor(to) + 1);
}

function nodeOf({ mode, members }: Combined, found: CronTrigger[]): Node | undefined {
  const nodes: Node[] = [];
  for (const member of members) {
    if (member instanceof CronTrigger) nodes.push(found.push(member) - 1);
    else {
      const node = isCombined(member) && !member.isBounded ? nodeOf(member, found) : undefined;
      if (node === undefined) return undefined;
      nodes.push(node);
    }
  }
  return { mode, nodes };
}

function isCombined(trigger: Trigger): trigger is Trigger & Combined {
  return "mode" in trigger && "members" in trigger && "isBounded" in trigger;
}

/** Whether a combination fires when exactly the members with these bits do. */
function fires(node: Node, bits: number): boolean {
  if (typeof node === "number") return ((bits >>> node) & 1) === 1;
  return node.mode === "any"
    ? node.nodes.some((one) => fires(one, bits))
    : node.nodes.every((one) => fires(one, bits));
}

class CombinedCounter {
  private readonly members: readonly CronTrigger[];
  private readonly first: CronTrigger;
  private readonly root: Node;
  private readonly followsClock: number;
  /** Matching seconds of the day, ascending, by the bits of the members that match the day. */
  private readonly times = new Map<number, Uint32Array>();

  constructor(members: readonly CronTrigger[], first: CronTrigger, root: Node) {
    this.members = members;
    this.first = first;
    this.root = root;
    this.followsClock = this.bits((member) => !member.once);
  }

  /** Counts in [`from`, `to`). Between two bounds of members, each member is either active or not. */
  count(from: EpochMs, to: EpochMs): number {
    const low = Math.max(from, Math.min(...this.members.map(({ start }) => start)));
    const high = Math.min(to, Math.max(...this.members.map(({ end }) => end)) + 1);
    const cuts = this.members
      .flatMap(({ start, end }) => [start, end + 1])
      .filter((cut) => cut > low && cut < high);
    const edges = [low, ...cuts.toSorted((a, b) => a - b), high];
    let total = 0;
    for (const [i, at] of edges.entries()) {
      const until = edges[i + 1] ?? at;
      const active = this.bits((member) => member.start <= at && member.end >= until - 1);
      for (let start = at; start < until && this.counts(active);) {
        const end = Math.min(until, this.first.zone.at(start).end);
        total += this.countWithin(start, end, active);
        start = end;
      }
    }
    return total;
  }

  /** Counts within one period of constant offset. */
  private countWithin(start: EpochMs, end: EpochMs, active: number): number {
    const segment = this.first.zone.at(start);
    let low = start + segment.offset;
    const high = end + segment.offset;
    let total = 0;
    if (start === segment.start) {
      // Times skipped by a gap fire here; the members themselves know.
      total = this.counts(active & this.bits((member) => member.next(start - 1) === start)) ? 1 : 0;
      low += 1;
    }
    const seen = Math.min(Math.max(low, segment.seen), high);
    return (
      total +
      this.countLocal(low, seen, active & this.followsClock) +
      this.countLocal(seen, high, active)
    );
  }

  private countLocal(low: LocalMs, high: LocalMs, active: number): number {
    if (low >= high || !this.counts(active)) return 0;
    let total = 0;
    const [from, to] = [Math.ceil(low / 1000), Math.ceil(high / 1000)];
    const last = Math.min(Math.floor((high - 1) / DAY_MS), LAST_DAY);
    for (let day = Math.max(0, Math.floor(low / DAY_MS)); day <= last; day++) {
      const named = active & this.bits((member) => member.times.matchesDay(day));
      if (!this.counts(named)) continue;
      const times = this.timesOf(named);
      const [start, end] = [from - day * DAY_SECONDS, to - day * DAY_SECONDS];
      total +=
        start <= 0 && end >= DAY_SECONDS ? times.length : below(times, end) - below(times, start);
    }
    return total;
  }

  private timesOf(named: number): Uint32Array {
    let times = this.times.get(named);
    if (times === undefined) {
      const found: number[] = [];
      for (let second = 0; second < DAY_SECONDS; second++) {
        if (this.counts(named & this.bits((member) => member.times.matchesTime(second))))
          found.push(second);
      }
      this.times.set(named, (times = Uint32Array.from(found)));
    }
    return times;
  }

  /**
   * More members never prevent a combination from firing, so one that doesn't fire with all possible members never
   * does.
   */
  private counts(bits: number): boolean {
    return fires(this.root, bits);
  }

  private bits(holds: (member: CronTrigger) => boolean): number {
    let bits = 0;
    for (const [i, member] of this.members.entries()) if (holds(member)) bits |= 1 << i;
    return bits;
  }
}

/** How many of the ascending `values` are below `limit`. */
function below(values: Uint32Array, limit: number): number {
  let low = 0;
  for (let high = values.length; low < high;) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
