import { daysInMonth, epochDay, isoWeekOf, weekdayOf } from "../time/civil.ts";
import { lowestBit } from "./bits.ts";
import type { DayMatch } from "./parse-expression.ts";
import type { DayTerm, ParsedField } from "./parse-field.ts";

const ALL_DAYS = ~1;

/** Lengths 28 to 31 times seven first weekdays: every possible month, apart from its ISO weeks. */
const KINDS_OF_MONTH = 28;

/** The matching days of a month, as a bit set with bit 1 for the 1st. */
export class DayTable {
  /** Whether every day of every month matches. */
  readonly everyDay: boolean;
  private readonly masks: Int32Array;
  private readonly weeks: ReadonlySet<number> | undefined;

  constructor(day: ParsedField, dayOfWeek: ParsedField, week: ParsedField, dayMatch: DayMatch) {
    this.weeks = week.values.length === 53 ? undefined : new Set(week.values);
    this.masks = tableFor(day, dayOfWeek, dayMatch);
    this.everyDay = this.weeks === undefined && this.masks === EVERY_DAY;
  }

  /** The matching days of a month; `firstDay` is the day number of its 1st. */
  mask(year: number, month: number, firstDay: number): number {
    const kind = (daysInMonth(year, month) - 28) * 7 + weekdayOf(firstDay);
    const mask = this.masks[kind] ?? 0;
    return this.weeks === undefined || mask === 0 ? mask : keepWeeks(mask, firstDay, this.weeks);
  }

  /** Like {@link mask}, for a month without a known first day. */
  maskOf(year: number, month: number): number {
    return this.mask(year, month, epochDay(year, month, 1));
  }
}

function keepWeeks(mask: number, firstDay: number, weeks: ReadonlySet<number>): number {
  let kept = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) {
    const day = lowestBit(rest);
    if (weeks.has(isoWeekOf(firstDay + day - 1))) kept |= 1 << day;
  }
  return kept;
}

const EVERY_DAY = buildTable(() => ALL_DAYS);

/**
 * Triggers with the same days share a table, since most have common ones (every day, Monday to Friday). Bounded,
 * because expressions are external input.
 */
const shared = new Map<string, Int32Array>();
const MAX_SHARED = 500;

function tableFor(day: ParsedField, dayOfWeek: ParsedField, dayMatch: DayMatch): Int32Array {
  const anyDay = day.values.length === 31;
  const anyWeekday = dayOfWeek.values.length === 7;
  if (dayMatch === "all" ? anyDay && anyWeekday : anyDay || anyWeekday) return EVERY_DAY;
  const key = JSON.stringify([day.values, day.terms, dayOfWeek.values, dayOfWeek.terms, dayMatch]);
  const known = shared.get(key);
  if (known !== undefined) return known;
  const table = buildTable((length, firstWeekday) => {
    const byDay = maskOfField(day, length, firstWeekday, false);
    const byWeekday = maskOfField(dayOfWeek, length, firstWeekday, true);
    return dayMatch === "all" ? byDay & byWeekday : byDay | byWeekday;
  });
  if (shared.size < MAX_SHARED) shared.set(key, table);
  return table;
}

function buildTable(maskOf: (length: number, firstWeekday: number) => number): Int32Array {
  const table = new Int32Array(KINDS_OF_MONTH);
  for (let kind = 0; kind < KINDS_OF_MONTH; kind++) {
    const length = 28 + Math.floor(kind / 7);
    // Clears the bits of days that the month doesn't have: 2 << 31 is 0 in 32 bits, which is right for 31 days.
    table[kind] = maskOf(length, kind % 7) & ((2 << length) - 1) & ALL_DAYS;
  }
  return table;
}

function maskOfField(
  field: ParsedField,
  length: number,
  firstWeekday: number,
  isWeekday: boolean,
): number {
  let mask = 0;
  if (isWeekday) {
    for (let day = 1; day <= length; day++) {
      if (field.values.includes((firstWeekday + day - 1) % 7)) mask |= 1 << day;
    }
  } else {
    for (const day of field.values) mask |= 1 << day;
  }
  for (const term of field.terms) {
    const day = dayOfTerm(term, length, firstWeekday);
    if (day >= 1 && day <= length) mask |= 1 << day;
  }
  return mask;
}

/** The day of the month that a term stands for, or one outside the month if it has no such day. */
function dayOfTerm(term: DayTerm, length: number, firstWeekday: number): number {
  const weekday = (day: number): number => (firstWeekday + day - 1) % 7;
  switch (term.kind) {
    case "last":
      return length - term.minus;
    case "last-weekday":
      return length - Math.max(0, [2, 0, 0, 0, 0, 0, 1][weekday(length)] ?? 0);
    case "nearest-weekday": {
      const { day } = term;
      if (day > length) return 0;
      if (weekday(day) === 6) return day === 1 ? 3 : day - 1;
      if (weekday(day) === 0) return day === length ? day - 2 : day + 1;
      return day;
    }
    case "nth": {
      const first = 1 + ((term.weekday - firstWeekday + 7) % 7);
      if (term.nth > 0) return first + (term.nth - 1) * 7;
      return first + 7 * Math.floor((length - first) / 7);
    }
  }
}
