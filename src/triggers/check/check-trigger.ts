import type { EpochMs } from "../../core/clock.ts";
import { makeTrigger } from "../create.ts";
import type { CronSpec, TriggerSpec } from "../spec.ts";
import { LAST_INSTANT } from "../time/civil.ts";
import { formatIso } from "../time/local-text.ts";
import { zoneOf } from "../time/zone.ts";
import { changeNear, clockFinding } from "./clock-change.ts";
import type { CheckFinding, TriggerCheck } from "./finding.ts";
import { peerTimes, type Peer } from "./peer.ts";
import { peerExpression } from "./peer-fields.ts";

/** How many fire times to compare. */
export const CHECKED_TIMES = 20;
/** Most of cron-parser's times to read over the same period, where it fires more often. */
const MAX_THEIRS = 10 * CHECKED_TIMES;
/** cron-parser gives up after 10,000 search steps, but must find anything closer than this. */
const FAR_MS = 366 * 86_400_000;

/**
 * Compares the fire times of a trigger after `from` with those of cron-parser. A difference counts as explained only if
 * a rule was verified: combining the days as cron-parser does makes it disappear; or both agree in UTC, and the clock
 * changes that day.
 */
export function checkTrigger(spec: TriggerSpec, from: EpochMs, peer: Peer): TriggerCheck {
  if (spec.kind === "calendars") {
    const inner = checkTrigger(spec.trigger, from, peer);
    const words = `cron-parser has no calendars; the times were compared before applying ${spec.calendars.join(", ")}.`;
    return { ...inner, notes: [...inner.notes, { code: "calendars", words }] };
  }
  if (spec.kind !== "cron") {
    const words = `cron-parser only handles cron expressions; this trigger's kind is ${spec.kind}.`;
    return notComparable([{ code: "not-cron", words }]);
  }
  const { expression, findings } = peerExpression(spec, peer);
  if (expression === undefined) return notComparable(findings);
  return new Comparison(spec, expression, peer).run(from, findings);
}

function notComparable(differences: readonly CheckFinding[]): TriggerCheck {
  const isKnown = differences.every(({ code }) => code !== "unexplained");
  return {
    outcome: isKnown ? "not-comparable" : "unexplained",
    compared: 0,
    differences,
    notes: [],
  };
}

/** A period of time, its start exclusive. */
interface Period {
  readonly from: EpochMs;
  readonly until: EpochMs;
}

class Comparison {
  readonly #spec: CronSpec;
  readonly #expression: string;
  readonly #peer: Peer;

  constructor(spec: CronSpec, expression: string, peer: Peer) {
    this.#spec = spec;
    this.#expression = expression;
    this.#peer = peer;
  }

  run(after: EpochMs, rejected: readonly CheckFinding[]): TriggerCheck {
    const { startAt, endAt = LAST_INSTANT } = this.#spec;
    const from = startAt === undefined ? after : Math.max(after, startAt - 1);
    const ours = makeTrigger(this.#spec).between(from, endAt, CHECKED_TIMES);
    const last = ours.at(-1);
    if (last === undefined)
      return notComparable([{ code: "over", words: "The trigger has no fire times left." }]);
    const until = ours.length < CHECKED_TIMES ? endAt : last;
    const theirs = this.#theirs(this.#spec.timezone, { from, until });
    const period = { from, until: theirs.until };
    const common = ours.filter((at) => at <= period.until);
    const reading = this.#reading(period);
    const differences = [
      ...rejected,
      ...common
        .filter((at) => !theirs.times.includes(at))
        .map((at) => this.#explain(at, "ours", reading)),
      ...theirs.times
        .filter((at) => !ours.includes(at))
        .map((at) => this.#explain(at, "theirs", reading)),
    ];
    const missed = theirs.gaveUp ? ours.find((at) => at > period.until) : undefined;
    if (missed !== undefined) differences.push(this.#gaveUp(period.until, missed));
    const isKnown = differences.every(({ code }) => code !== "unexplained");
    return {
      outcome: differences.length === 0 ? "same" : isKnown ? "explained" : "unexplained",
      compared: common.length,
      differences,
      notes: [],
    };
  }

  #theirs(timezone: string, { from, until }: Period): ReturnType<typeof peerTimes> {
    const next = this.#peer(this.#expression, timezone, from);
    return peerTimes(next, { from, until, limit: MAX_THEIRS });
  }

  /** How cron-parser reads the fields: as we do, with the days combined the other way, or in some unknown way. */
  #reading(period: Period): Reading {
    // UTC has no clock changes, so only the meaning of the fields can differ.
    const zone = zoneOf(this.#spec.timezone);
    const local = {
      from: period.from + zone.offsetAt(period.from),
      until: period.until + zone.offsetAt(period.until),
    };
    const theirs = this.#theirs("UTC", local);
    const agrees = (dayMatch: CronSpec["dayMatch"]): boolean =>
      sameTimes(
        this.#ours({ dayMatch, timezone: "UTC" }, { from: local.from, until: theirs.until }),
        theirs.times,
      );
    const { dayMatch } = this.#spec;
    if (agrees(dayMatch)) return { kind: "same" };
    const other = dayMatch === "all" ? "any" : "all";
    if (!agrees(other)) return { kind: "unknown" };
    return { kind: "days", times: this.#ours({ dayMatch: other }, period) };
  }

  #ours(change: Partial<CronSpec>, { from, until }: Period): EpochMs[] {
    const spec = { ...this.#spec, ...change };
    return makeTrigger({ ...spec, startAt: undefined, endAt: undefined }).between(
      from,
      until,
      MAX_THEIRS,
    );
  }

  #explain(at: EpochMs, side: "ours" | "theirs", reading: Reading): CheckFinding {
    const time = { [side]: formatIso(at, this.#spec.timezone) };
    if (reading.kind === "days" && reading.times.includes(at) === (side === "theirs"))
      return { code: "day-and-weekday", words: daysInWords(this.#spec), ...time };
    const zone = zoneOf(this.#spec.timezone);
    const change = reading.kind === "unknown" ? undefined : changeNear(at, zone);
    if (change !== undefined)
      return { ...clockFinding({ side, change, spec: this.#spec }), ...time };
    const who = side === "ours" ? "Only this package fires" : "Only cron-parser fires";
    return { code: "unexplained", words: `${who} then; no known rule explains it.`, ...time };
  }

  #gaveUp(last: EpochMs, missed: EpochMs): CheckFinding {
    const ours = formatIso(missed, this.#spec.timezone);
    const words = "cron-parser gives up before this time (loop limit exceeded)";
    if (missed - last > FAR_MS)
      return { code: "search-limit", words: `${words}: it is more than a year away.`, ours };
    const change = changeNear(missed, zoneOf(this.#spec.timezone));
    // If it succeeds without the clock change, the clock change was the obstacle.
    const period = { from: last, until: missed };
    if (change !== undefined && !this.#theirs("UTC", period).gaveUp)
      return { code: change.code, words: `${words}: the clock changes on this day.`, ours };
    return { code: "unexplained", words: `${words}; no known rule explains it.`, ours };
  }
}

/** `days`: cron-parser combines day and weekday the other way, and would then fire at these times. */
type Reading =
  | { readonly kind: "same" }
  | { readonly kind: "unknown" }
  | { readonly kind: "days"; readonly times: readonly EpochMs[] };

function sameTimes(some: readonly EpochMs[], others: readonly EpochMs[]): boolean {
  const common = Math.min(some.length, others.length, MAX_THEIRS - 1);
  const isCut = some.length === MAX_THEIRS || others.length === MAX_THEIRS;
  return (
    (isCut || some.length === others.length) &&
    some.slice(0, common).every((at, i) => at === others[i])
  );
}

function daysInWords({ dayMatch, fields }: CronSpec): string {
  const [day, weekday] = [JSON.stringify(fields.day), JSON.stringify(fields.dayOfWeek)];
  const both = `day ${day} and weekday ${weekday}`;
  const either = `day ${day} or weekday ${weekday}`;
  return dayMatch === "all"
    ? `Here both ${both} must match (in an expression: because one of them begins with *, as in crontab(5)); cron-parser accepts either.`
    : `Here either ${either} may match, as in crontab(5); cron-parser requires both.`;
}
