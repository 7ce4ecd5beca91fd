import { useEffect, useState } from "react";
import { every, serverNow } from "./browser-clock.ts";
import { keep, readKept } from "./kept.ts";
import { Store } from "./store.ts";

/** In which zone times are shown: the reader's, the job's, or UTC. */
export type ZoneChoice = "local" | "job" | "utc";

const CHOICES: readonly ZoneChoice[] = ["local", "job", "utc"];
/** The reader's own zone. */
export const OWN_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** Which zone is chosen. */
export const zoneChoice = new Store<ZoneChoice>(
  CHOICES.find((one) => one === readKept("zone")) ?? "local",
);

/** Chooses the next zone. */
export function nextZone(): void {
  const next = CHOICES[(CHOICES.indexOf(zoneChoice.value) + 1) % CHOICES.length] ?? "local";
  zoneChoice.set(next);
  keep("zone", next);
}

/** The zone to show a time in. */
export function zoneOf(choice: ZoneChoice, jobZone: string | undefined): string {
  if (choice === "utc") return "UTC";
  return choice === "job" && jobZone !== undefined ? jobZone : OWN_ZONE;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  const known = formats.get(key);
  if (known) return known;
  const made = makeFormat(zone, options);
  formats.set(key, made);
  return made;
}

/** A zone that this browser does not know is shown as UTC. */
function makeFormat(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat(undefined, { ...options, timeZone: "UTC" });
  }
}

const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const CLOCK_SECONDS = { ...CLOCK, second: "2-digit" } as const;
const WEEK = { weekday: "short" } as const;
const DATE = { day: "numeric", month: "short" } as const;
const YEAR = { ...DATE, year: "numeric" } as const;
const FULL = { ...WEEK, ...YEAR, ...CLOCK_SECONDS, timeZoneName: "short" } as const;
const DAY_MS = 86_400_000;

/** The time of day. */
export function clockOf(iso: string, zone: string, withSeconds = false): string {
  const hasSeconds = withSeconds || !iso.endsWith(":00.000Z");
  return formatOf(zone, hasSeconds ? CLOCK_SECONDS : CLOCK).format(new Date(iso));
}

/** The day, with its weekday; with the year if it is another one. */
export function dayOf(iso: string, zone: string): string {
  const at = new Date(iso);
  const isThisYear = yearOf(at, zone) === yearOf(new Date(serverNow()), zone);
  return formatOf(zone, { ...WEEK, ...(isThisYear ? DATE : YEAR) }).format(at);
}

/** Day and time, as short as it can be told apart. */
export function shortTime(iso: string, zone: string): string {
  const at = new Date(iso);
  const awayMs = Math.abs(at.getTime() - serverNow());
  const clock = clockOf(iso, zone);
  if (awayMs < DAY_MS && isSameDay(at, new Date(serverNow()), zone)) return clock;
  if (awayMs < 6 * DAY_MS) return `${formatOf(zone, WEEK).format(at)} ${clock}`;
  return `${dayOf(iso, zone)}, ${clock}`;
}

/** The whole time in the zones that somebody may think in. */
export function fullTimes(iso: string, jobZone: string | undefined): string {
  const zones = [...new Set([OWN_ZONE, ...(jobZone === undefined ? [] : [jobZone]), "UTC"])];
  return zones
    .map((zone) => {
      const whose = [zone === OWN_ZONE && "yours", zone === jobZone && "the job’s"];
      const named = whose.filter(Boolean).join(", ");
      return `${formatOf(zone, FULL).format(new Date(iso))}, ${zone}${named && ` (${named})`}`;
    })
    .join("\n");
}

/** The short name of a zone, at present. */
export function zoneName(zone: string): string {
  const parts = formatOf(zone, { timeZoneName: "short" }).formatToParts(new Date(serverNow()));
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? zone;
}

function yearOf(at: Date, zone: string): string {
  return formatOf(zone, { year: "numeric" }).format(at);
}

function isSameDay(one: Date, other: Date, zone: string): boolean {
  const format = formatOf(zone, YEAR);
  return format.format(one) === format.format(other);
}

const UNITS = [
  ["d", DAY_MS],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** A length of time, in its two largest units. */
export function lengthOf(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toString().replace(/\.0$/, "")} s`;
  const first = UNITS.findIndex(([, size]) => ms >= size);
  let rest = ms;
  const parts = UNITS.slice(first, first + 2).flatMap(([name, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count} ${name}`];
  });
  return parts.join(" ");
}

/** How far away a time is: `in 5 min`, `2 h ago`. */
export function relativeTime(iso: string, now: number): string {
  const awayMs = new Date(iso).getTime() - now;
  if (Math.abs(awayMs) < 1_000) return "now";
  return awayMs > 0 ? `in ${coarse(awayMs)}` : `${coarse(-awayMs)} ago`;
}

/** Above an hour, minutes say little; above two days, hours do. */
function coarse(ms: number): string {
  if (ms < 60_000) return `${Math.floor(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  return ms < 2 * DAY_MS ? lengthOf(ms - (ms % 60_000)) : `${Math.floor(ms / DAY_MS)} d`;
}

/** The server's time, renewed now and then. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => every(everyMs, () => setNow(serverNow())), [everyMs]);
  return now;
}
