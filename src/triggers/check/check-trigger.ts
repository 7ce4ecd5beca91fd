import type { EpochMs } from "../../core/clock.ts";
import { createTrigger } from "../create.ts";
import type { CronSpec, TriggerSpec } from "../spec.ts";
import { LAST_INSTANT } from "../time/civil.ts";
import { formatIso } from "../time/local-text.ts";
import { zoneOf } from "../time/zone.ts";
import { changeNear, clockFinding } from "./clock-change.ts";
import type { CheckFinding, TriggerCheck } from "./finding.ts";
import { peerTimes, type Peer } from "./peer.ts";
import { peerExpression } from "./peer-fields.ts";

/** Fire times that are compared. */
export const CHECKED_TIMES = 20;
/** Of theirs at most so many in the same stretch, where they fire more often. */
const MAX_THEIRS = 10 * CHECKED_TIMES;
/** cron-parser ends after 10,000 steps of its search; what is nearer than this it must find. */
const FAR_MS = 366 * 86_400_000;

/**
 * Compares the fire times of a trigger after `from` with those of cron-parser. A difference is explained only by a rule that was
 * tried out: days are combined as cron-parser does and the difference is gone; or both agree in UTC, and the clock is changed that day.
 */
export function checkTrigger(spec: TriggerSpec, from: EpochMs, peer: Peer): TriggerCheck {
  if (spec.kind === "calendars") {
    const inner = checkTrigger(spec.trigger, from, peer);
    const words = `cron-parser knows no calendars; compared are the times before ${spec.calendars.join(", ")}.`;
    return { ...inner, notes: [...inner.notes, { code: "calendars", words }] };
  }
  if (spec.kind !== "cron") {
    const words = `cron-parser knows cron expressions only, and this is a trigger of kind ${spec.kind}.`;
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

/** A stretch of time, its start exclusive. */
interface Stretch {
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

  run(after: EpochMs, refused: readonly CheckFinding[]): TriggerCheck {
    const { startAt, endAt = LAST_INSTANT } = this.#spec;
    const from = startAt === undefined ? after : Math.max(after, startAt - 1);
    const ours = createTrigger(this.#spec).between(from, endAt, CHECKED_TIMES);
    const last = ours.at(-1);
    if (last === undefined)
      return notComparable([{ code: "over", words: "The trigger does not fire any more." }]);
    const until = ours.length < CHECKED_TIMES ? endAt : last;
    const theirs = this.#theirs(this.#spec.timezone, { from, until });
    const stretch = { from, until: theirs.until };
    const common = ours.filter((at) => at <= stretch.until);
    const reading = this.#reading(stretch);
    const differences = [
      ...refused,
      ...common
        .filter((at) => !theirs.times.includes(at))
        .map((at) => this.#explain(at, "ours", reading)),
      ...theirs.times
        .filter((at) => !ours.includes(at))
        .map((at) => this.#explain(at, "theirs", reading)),
    ];
    const missed = theirs.gaveUp ? ours.find((at) => at > stretch.until) : undefined;
    if (missed !== undefined) differences.push(this.#gaveUp(stretch.until, missed));
    const isKnown = differences.every(({ code }) => code !== "unexplained");
    return {
      outcome: differences.length === 0 ? "same" : isKnown ? "explained" : "unexplained",
      compared: common.length,
      differences,
      notes: [],
    };
  }

  #theirs(timezone: string, { from, until }: Stretch): ReturnType<typeof peerTimes> {
    const next = this.#peer(this.#expression, timezone, from);
    return peerTimes(next, { from, until, limit: MAX_THEIRS });
  }

  /** How cron-parser reads the fields: as we do, with the days combined otherwise, or in a way that we do not know. */
  #reading(stretch: Stretch): Reading {
    // In UTC no clock is changed, so only what the fields mean can differ.
    const zone = zoneOf(this.#spec.timezone);
    const local = {
      from: stretch.from + zone.offsetAt(stretch.from),
      until: stretch.until + zone.offsetAt(stretch.until),
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
    return { kind: "days", times: this.#ours({ dayMatch: other }, stretch) };
  }

  #ours(change: Partial<CronSpec>, { from, until }: Stretch): EpochMs[] {
    const spec = { ...this.#spec, ...change };
    return createTrigger({ ...spec, startAt: undefined, endAt: undefined }).between(
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
    return { code: "unexplained", words: `${who} then, and no known rule says why.`, ...time };
  }

  #gaveUp(last: EpochMs, missed: EpochMs): CheckFinding {
    const ours = formatIso(missed, this.#spec.timezone);
    const words = "cron-parser ends its search before this time (loop limit exceeded)";
    if (missed - last > FAR_MS)
      return { code: "search-limit", words: `${words}: it is more than a year away.`, ours };
    const change = changeNear(missed, zoneOf(this.#spec.timezone));
    // Where it finds its way without a change of the clock, the change was in its way.
    const stretch = { from: last, until: missed };
    if (change !== undefined && !this.#theirs("UTC", stretch).gaveUp)
      return { code: change.code, words: `${words}: the clock is changed on this day.`, ours };
    return { code: "unexplained", words: `${words}, and no known rule says why.`, ours };
  }
}

/** `days`: it combines day and weekday otherwise, and would then fire at these times. */
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
  const both = `day ${JSON.stringify(fields.day)} and weekday ${JSON.stringify(fields.dayOfWeek)}`;
  return dayMatch === "all"
    ? `Here ${both} must both match (in an expression: since one of them begins with *, as in crontab(5)); for cron-parser either is enough.`
    : `Here either of ${both} is enough, as in crontab(5); for cron-parser both must match.`;
}
