import type { EpochMs } from "../core/clock.ts";
import { makeTrigger } from "../triggers/create.ts";
import { firesOnce } from "../triggers/cron/cron-trigger.ts";
import type { CalendarIntervalSpec, CronSpec, TriggerSpec } from "../triggers/spec.ts";
import { type Segment, type Zone, zoneOf } from "../triggers/time/zone.ts";
import type { Trigger } from "../triggers/trigger.ts";
import type { JobDefinition } from "../jobs/definition.ts";
import type { SimulatedJob } from "./simulated-job.ts";

/**
 * What a change of the clock does to times of a job. `moved`: times that the clock skips are made up for at the first
 * instant after the gap. `dropped`: they are not. `doubled`: times that the clock shows twice fire twice.
 * `second-pass-skipped`: they fire in the first pass only.
 */
export type ClockEffect = "moved" | "dropped" | "doubled" | "second-pass-skipped";

/** What is looked at of a job. */
export interface ClockedJob {
  readonly definition: Pick<JobDefinition, "trigger">;
  readonly schedule: { readonly trigger: Trigger };
  /** Its place among the jobs. */
  readonly index: number;
}

/** Times of a job that a change of the clock affects. */
export interface AffectedTimes<J extends ClockedJob = SimulatedJob> {
  readonly job: J;
  readonly zone: string;
  /** The instant of the change. */
  readonly at: EpochMs;
  readonly effect: ClockEffect;
  /** Wall-clock times, in milliseconds as {@link Segment.localStart}; the first few of them. */
  readonly localTimes: readonly number[];
  readonly count: number;
}

/** Triggers at times of day; all others measure elapsed time, or have rules of their own. */
type TimedSpec = CronSpec | CalendarIntervalSpec;

/** Most wall-clock times that are looked at in one change of one schedule. */
const MAX_TIMES = 200;
const SHOWN_TIMES = 5;

interface ClockChangeOfZone {
  readonly zone: Zone;
  readonly before: Segment;
  readonly after: Segment;
}

/** What the changes of the clock in a period do to jobs at times of day. Changes of three hours or more are corrections. */
export function affectedTimes<J extends ClockedJob>(
  jobs: readonly J[],
  period: { readonly fromAt: EpochMs; readonly toAt: EpochMs },
): AffectedTimes<J>[] {
  const changes = new Map<string, readonly ClockChangeOfZone[]>();
  const found: AffectedTimes<J>[] = [];
  for (const job of jobs) {
    const timed = timedSpecs(job.definition.trigger).filter(isMovedByClock);
    for (const zone of new Set(timed.map(({ timezone }) => timezone))) {
      const ofZone = changes.get(zone) ?? changesIn(zoneOf(zone), period);
      changes.set(zone, ofZone);
      const own = timed.filter(({ timezone }) => timezone === zone);
      for (const change of ofZone) found.push(...affectedBy(change, job, own));
    }
  }
  return found.toSorted((a, b) => a.at - b.at || a.job.index - b.job.index);
}

function timedSpecs(spec: TriggerSpec): TimedSpec[] {
  switch (spec.kind) {
    case "cron":
    case "calendar-interval":
      return [spec];
    case "or":
    case "and":
      return spec.triggers.flatMap(timedSpecs);
    case "calendars":
      return timedSpecs(spec.trigger);
    case "interval":
    case "date":
    case "rrule":
    case "manual":
      return [];
  }
}

/** A schedule of every minute or hour follows the clock: there is nothing special about its times. */
function isMovedByClock(spec: TimedSpec): boolean {
  return spec.kind === "calendar-interval" || firesOnce({ ...spec, dst: "once" });
}

function changesIn(
  zone: Zone,
  { fromAt, toAt }: { readonly fromAt: EpochMs; readonly toAt: EpochMs },
): ClockChangeOfZone[] {
  const found: ClockChangeOfZone[] = [];
  let before = zone.at(fromAt);
  while (before.end < toAt) {
    const after = zone.at(before.end);
    const isGap = after.seen < after.localStart;
    const isOverlap = after.seen > after.localStart;
    // A period can also be cut short without a change.
    if (after.offset !== before.offset && (isGap || isOverlap)) found.push({ zone, before, after });
    before = after;
  }
  return found;
}

function affectedBy<J extends ClockedJob>(
  { zone, before, after }: ClockChangeOfZone,
  job: J,
  specs: readonly TimedSpec[],
): AffectedTimes<J>[] {
  const isGap = after.offset > before.offset;
  const [low, high] = isGap
    ? [before.localEnd, after.localStart]
    : [after.localStart, before.localEnd];
  const times = [...new Set(specs.flatMap((spec) => wallTimes(spec, low, high)))].toSorted(
    (a, b) => a - b,
  );
  const { trigger } = job.schedule;
  const byEffect = new Map<ClockEffect, number[]>();
  for (const local of times) {
    const effect = isGap
      ? effectOfGap(trigger, { local, before, after }, specs)
      : effectOfOverlap(trigger, { local, before, after });
    if (effect) byEffect.set(effect, [...(byEffect.get(effect) ?? []), local]);
  }
  return [...byEffect].map(([effect, all]) => ({
    job,
    zone: zone.name,
    at: after.start,
    effect,
    localTimes: all.slice(0, SHOWN_TIMES),
    count: all.length,
  }));
}

interface LocalTime {
  readonly local: number;
  readonly before: Segment;
  readonly after: Segment;
}

function effectOfGap(
  trigger: Trigger,
  { local, before, after }: LocalTime,
  specs: readonly TimedSpec[],
): ClockEffect | undefined {
  const isOver = !isWithin(trigger, local - before.offset);
  if (isOver) return undefined;
  if (specs.some(({ dst }) => dst === "once") && fires(trigger, after.start)) return "moved";
  return "dropped";
}

function effectOfOverlap(
  trigger: Trigger,
  { local, before, after }: LocalTime,
): ClockEffect | undefined {
  const first = fires(trigger, local - before.offset);
  const second = fires(trigger, local - after.offset);
  if (first) return second ? "doubled" : "second-pass-skipped";
  return undefined;
}

function fires(trigger: Trigger, at: EpochMs): boolean {
  return trigger.next(at - 1) === at;
}

/** Whether the schedule reaches to both sides of an instant. */
function isWithin(trigger: Trigger, at: EpochMs): boolean {
  return trigger.prev(at) !== undefined || trigger.next(at - 1) !== undefined;
}

/** The wall-clock times of a schedule in [`low`, `high`), as if no clock were ever changed. */
function wallTimes(spec: TimedSpec, low: number, high: number): number[] {
  const { startAt, endAt, ...rest } = spec;
  const { offsetAt } = { offsetAt: (at: EpochMs) => zoneOf(spec.timezone).offsetAt(at) };
  const shifted = {
    ...(startAt === undefined ? {} : { startAt: startAt + offsetAt(startAt) }),
    ...(endAt === undefined ? {} : { endAt: endAt + offsetAt(endAt) }),
  };
  return makeTrigger({ ...rest, ...shifted, timezone: "UTC" }).between(
    low - 1,
    high - 1,
    MAX_TIMES,
  );
}
