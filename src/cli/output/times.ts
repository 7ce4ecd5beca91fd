import type { EpochMs } from "../../core/clock.ts";

/** How times are told to a reader: where it is, and what time it is there. */
export interface Reader {
  readonly zone: string;
  readonly now: EpochMs;
}

const DAY = 86_400_000;

/**
 * A time as its reader would say it: `09:00` today, `Thu 09:00` within a week, `Mon 30 Nov 09:00`, and the year if it is another.
 * @param iso `null`: a dash.
 */
export function timeText(iso: string | null, { zone, now }: Reader, seconds = false): string {
  if (iso === null) return "–";
  const at = Date.parse(iso);
  const there = partsOf(at, zone);
  const here = partsOf(now, zone);
  const time = seconds
    ? `${there["hour"]}:${there["minute"]}:${there["second"]}`
    : `${there["hour"]}:${there["minute"]}`;
  if (dateOf(there) === dateOf(here)) return time;
  const day = there["weekday"];
  if (at > now && at - now < 6 * DAY) return `${day} ${time}`;
  const date = `${day} ${there["day"]} ${there["month"]}`;
  return there["year"] === here["year"] ? `${date} ${time}` : `${date} ${there["year"]} ${time}`;
}

/** A time in full, whenever it is read: `Mon 30 Nov 2026 09:00:00`. */
export function wholeTime(iso: string, zone: string): string {
  const parts = partsOf(Date.parse(iso), zone);
  return `${parts["weekday"]} ${parts["day"]} ${parts["month"]} ${parts["year"]} ${parts["hour"]}:${parts["minute"]}:${parts["second"]}`;
}

/** A length in its two or three largest units: `2 min 11 s`, `0.1 s`, `3 days`. */
export function lengthText(ms: number): string {
  if (ms < 95) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1).replace(/\.0$/, "")} s`;
  const all = Math.round(ms / 1_000);
  const [days, hours, minutes, seconds] = [
    Math.floor(all / 86_400),
    Math.floor(all / 3_600) % 24,
    Math.floor(all / 60) % 60,
    all % 60,
  ];
  if (days > 1) return hours > 0 && days < 10 ? `${days} days ${hours} h` : `${days} days`;
  if (all >= 3_600)
    return joined([
      [all >= 86_400 ? hours + 24 : hours, "h"],
      [minutes, "min"],
    ]);
  return joined([
    [minutes, "min"],
    [seconds, "s"],
  ]);
}

/** How far away a time is: `in 23 h 15 min`, `10 min ago`, `now`. */
export function relativeText(iso: string, { now }: Pick<Reader, "now">): string {
  const ms = Date.parse(iso) - now;
  if (Math.abs(ms) < 1_000) return "now";
  return ms > 0 ? `in ${lengthText(ms)}` : `${lengthText(-ms)} ago`;
}

function joined(units: readonly (readonly [number, string])[]): string {
  const said = units.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`);
  return said.length === 0 ? "0 s" : said.join(" ");
}

function dateOf(parts: Readonly<Record<string, string>>): string {
  return `${parts["year"]} ${parts["month"]} ${parts["day"]}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function partsOf(at: EpochMs, zone: string): Readonly<Record<string, string>> {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      weekday: "short",
      day: "numeric",
      month: "short",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    });
  formats.set(zone, format);
  const parts = format.formatToParts(at).map(({ type, value }) => [type, value]);
  return Object.fromEntries(parts) as Record<string, string>;
}
