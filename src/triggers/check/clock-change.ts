import type { EpochMs } from "../../core/clock.ts";
import type { CronSpec } from "../spec.ts";
import { formatWallTime } from "../time/local-text.ts";
import type { Zone } from "../time/zone.ts";
import type { CheckFinding } from "./finding.ts";

/** cron-parser moves, repeats and drops times on the day of a clock change, up to the next fire time after it. */
const NEAR_MS = 25 * 3_600_000;

/** A change of a zone's clock. */
export interface ClockChange {
  readonly code: "dst-gap" | "dst-overlap";
  readonly at: EpochMs;
  /** The wall-clock time just before the change. */
  readonly before: string;
  /** The wall-clock time just after it. */
  readonly after: string;
}

/** The clock change within a day of `instant`, if any. */
export function changeNear(instant: EpochMs, zone: Zone): ClockChange | undefined {
  for (
    let segment = zone.at(instant + NEAR_MS);
    segment.start >= instant - NEAR_MS;
    segment = zone.at(segment.start - 1)
  ) {
    const { start, offset } = segment;
    const earlier = zone.offsetAt(start - 1);
    // A segment can be cut short without a change.
    if (earlier === offset) continue;
    return {
      code: offset > earlier ? "dst-gap" : "dst-overlap",
      at: start,
      before: formatWallTime(start + earlier),
      after: formatWallTime(start + offset),
    };
  }
  return undefined;
}

/** Puts a difference on the day of a clock change into words. */
export function clockFinding({
  side,
  change,
  spec,
}: {
  side: "ours" | "theirs";
  change: ClockChange;
  spec: CronSpec;
}): Pick<CheckFinding, "code" | "words"> {
  const changed = `The clock goes from ${change.before} to ${change.after}.`;
  const isGap = change.code === "dst-gap";
  const ours =
    spec.dst === "wall-clock"
      ? 'With dst: "wall-clock" the job runs whenever the clock shows the time: never in a gap, twice in an overlap.'
      : isGap
        ? "Here a skipped time runs once, at the first instant after the gap, as in cron(8)."
        : "Here a fixed time of day runs once, in the first pass, and a field that begins with * follows the clock, as in cron(8).";
  const theirs = isGap
    ? "cron-parser moves skipped times by the length of the gap, or drops them."
    : "cron-parser drops one of the passes, not always the second.";
  const who = side === "ours" ? "Only this package fires then." : "Only cron-parser fires then.";
  return { code: change.code, words: [changed, ours, theirs, who].join(" ") };
}
