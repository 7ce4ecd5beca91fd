/**
 * A slow and obvious cron: it walks through time minute by minute, asks `Intl` what the wall clock reads, and does what
 * cron(8) does. Shares no code with src/.
 */

/** A schedule as sets of numbers, and how to write it. */
export interface ReferenceSchedule {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  readonly months: readonly number[];
  /** 0 = Sunday. */
  readonly weekdays: readonly number[];
  /** Which fields were written beginning with `*`. */
  readonly stars: { minute: boolean; hour: boolean; day: boolean; weekday: boolean };
  readonly expression: string;
}

const MINUTE = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Answers of {@link wallClock}, because properties ask for the same days again and again. */
const answers = new Map<string, Map<number, number>>();

/** The wall-clock time at `instant`, as if it were UTC. */
export function wallClock(instant: number, timezone: string): number {
  let known = answers.get(timezone);
  if (known === undefined) answers.set(timezone, (known = new Map()));
  let wall = known.get(instant);
  if (wall === undefined) known.set(instant, (wall = askIntl(instant, timezone)));
  return wall;
}

function askIntl(instant: number, timezone: string): number {
  let format = formats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: timezone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(timezone, format);
  }
  const part = Object.fromEntries(
    format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]),
  );
  return Date.UTC(
    part["year"] ?? 0,
    (part["month"] ?? 0) - 1,
    part["day"],
    part["hour"],
    part["minute"],
    part["second"],
  );
}

/** Whether the schedule names the wall-clock minute `wall`. */
export function names(schedule: ReferenceSchedule, wall: number): boolean {
  const date = new Date(wall);
  const day = schedule.days.includes(date.getUTCDate());
  const weekday = schedule.weekdays.includes(date.getUTCDay());
  const either = !schedule.stars.day && !schedule.stars.weekday;
  return (
    schedule.minutes.includes(date.getUTCMinutes()) &&
    schedule.hours.includes(date.getUTCHours()) &&
    schedule.months.includes(date.getUTCMonth() + 1) &&
    (either ? day || weekday : day && weekday)
  );
}

/**
 * All fire times in (`from`, `to`]. The walk starts two days early, so that the time before `from` is known.
 * Wild-card jobs and `wall-clock` follow the clock; others run in minutes that the clock skipped when it has skipped
 * them, and not again in minutes that it repeats, unless it was changed by three hours or more.
 */
export function enumerate(
  schedule: ReferenceSchedule,
  timezone: string,
  dst: "once" | "wall-clock",
  from: number,
  to: number,
): number[] {
  const isWildcard =
    schedule.stars.minute ||
    schedule.stars.hour ||
    new Set(schedule.minutes).size === 60 ||
    new Set(schedule.hours).size === 24;
  const followsClock = dst === "wall-clock" || isWildcard;
  const found: number[] = [];
  const start = Math.floor(from / MINUTE) * MINUTE - 2 * 1440 * MINUTE;
  // The last wall-clock minute that was dealt with.
  let done = wallClock(start, timezone);
  for (let at = start + MINUTE; at <= to; at += MINUTE) {
    const wall = wallClock(at, timezone);
    let fires = names(schedule, wall);
    if (!followsClock) {
      const change = wall - done;
      if (change > MINUTE && change < 181 * MINUTE) {
        for (let skipped = done + MINUTE; skipped < wall; skipped += MINUTE)
          fires ||= names(schedule, skipped);
        done = wall;
      } else if (change <= 0 && change > -181 * MINUTE) fires = false;
      else done = wall;
    }
    if (fires && at > from) found.push(at);
  }
  return found;
}
