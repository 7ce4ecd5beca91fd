/** The fields of a cron trigger, most significant first; the order determines their defaults. */
export const CRON_FIELDS = [
  "year",
  "month",
  "day",
  "week",
  "dayOfWeek",
  "hour",
  "minute",
  "second",
] as const;

/** Name of one field of a cron trigger. */
export type CronField = (typeof CRON_FIELDS)[number];

/** Smallest and largest value of each field; a weekday may also be 7, which is Sunday again. */
export const FIELD_RANGE: Readonly<Record<CronField, readonly [min: number, max: number]>> = {
  year: [1970, 9999],
  month: [1, 12],
  day: [1, 31],
  week: [1, 53],
  dayOfWeek: [0, 6],
  hour: [0, 23],
  minute: [0, 59],
  second: [0, 59],
};

/** Names of the weekdays; the index is the number. */
export const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** Names of the months; the index plus one is the number. */
export const MONTHS = [
  "jan",
  "feb",
  "mar",
  "apr",
  "may",
  "jun",
  "jul",
  "aug",
  "sep",
  "oct",
  "nov",
  "dec",
] as const;

/** Full names of the weekdays, Sunday first. */
export const WEEKDAY_NAMES = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
] as const;

/** Full names of the months. */
export const MONTH_NAMES = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;
