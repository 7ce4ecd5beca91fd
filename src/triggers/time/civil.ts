/** Days since 1970-01-01 in the proleptic Gregorian calendar. */
export type EpochDay = number;

/** Milliseconds in a day of local time. */
export const DAY_MS = 86_400_000;

/** The last year that schedules reach; anything later counts as "never". */
export const LAST_YEAR = 9999;

const MONTH_LENGTHS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** Whether `year` has a 29 February. */
export function isLeapYear(year: number): boolean {
  return (year & 3) === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days in `month` (1 to 12) of `year`. */
export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (MONTH_LENGTHS[month] ?? 0);
}

/** The day number of a date; `month` is 1 to 12. Howard Hinnant's `days_from_civil`. */
export function epochDay(year: number, month: number, day: number): EpochDay {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = (((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) | 0) + day - 1;
  const dayOfEra = yearOfEra * 365 + (yearOfEra >> 2) - ((yearOfEra / 100) | 0) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/**
 * The date of a day number, packed into one integer so that the hot path allocates nothing:
 * `year << 9 | month << 5 | day`. Howard Hinnant's `civil_from_days`.
 */
export function packedDate(day: EpochDay): number {
  const z = day + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = ((doe - ((doe / 1460) | 0) + ((doe / 36_524) | 0) - ((doe / 146_096) | 0)) / 365) | 0;
  const doy = doe - (365 * yoe + (yoe >> 2) - ((yoe / 100) | 0));
  const mp = ((5 * doy + 2) / 153) | 0;
  const dayOfMonth = doy - (((153 * mp + 2) / 5) | 0) + 1;
  const month = mp < 10 ? mp + 3 : mp - 9;
  const year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  return (year << 9) | (month << 5) | dayOfMonth;
}

/** Day of the week, 0 = Sunday. */
export function weekdayOf(day: EpochDay): number {
  const weekday = (day + 4) % 7;
  return weekday < 0 ? weekday + 7 : weekday;
}

/** ISO 8601 week number, 1 to 53: weeks begin on Monday and belong to the year of their Thursday. */
export function isoWeekOf(day: EpochDay): number {
  const thursday = day + 3 - ((weekdayOf(day) + 6) % 7);
  const year = packedDate(thursday) >> 9;
  return 1 + Math.floor((thursday - epochDay(year, 1, 1)) / 7);
}

/** The last day that schedules reach, 9999-12-31. */
export const LAST_DAY: EpochDay = epochDay(LAST_YEAR, 12, 31);

/** The first instant of any schedule: the earliest start of 1970-01-01 in any time zone. */
export const FIRST_INSTANT = -DAY_MS;

/** The last instant of any schedule: the latest end of {@link LAST_DAY} in any time zone. */
export const LAST_INSTANT = (LAST_DAY + 2) * DAY_MS - 1;
