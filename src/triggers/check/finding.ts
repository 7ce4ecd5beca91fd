/** Why cron-parser and this package do not say the same of a trigger. */
export type CheckCode =
  /** The clock skips a stretch of local time. */
  | "dst-gap"
  /** The clock repeats a stretch of local time. */
  | "dst-overlap"
  /** Day and weekday are combined otherwise. */
  | "day-and-weekday"
  /** A list names a value twice, which cron-parser refuses. */
  | "repeated-value"
  /** A range runs over the field's end, such as `22-2`, which cron-parser refuses. */
  | "wrap-around"
  /** A form of a day that cron-parser does not read: `15W`, `L-3`, `2nd fri`, `5#2` in a list. */
  | "day-form"
  /** cron-parser ends its search before the next time. */
  | "search-limit"
  /** It has no field for the year, or for the week. */
  | "no-such-field"
  /** It knows no trigger but a single cron expression. */
  | "not-cron"
  /** It chooses other values for `H`; compared is what `H` is here. */
  | "hash"
  /** It knows no calendars; compared are the times before them. */
  | "calendars"
  /** Fire times are compared, and jitter delays runs after these. */
  | "jitter"
  /** The schedule is over; there is nothing to compare. */
  | "over"
  /** No rule that is known says why: likely a bug, here or there. */
  | "unexplained";

/** One thing on which the two differ, or which was left out of the comparison. */
export interface CheckFinding {
  /** For programs; never changes its meaning. */
  readonly code: CheckCode;
  /** The same in words: what each does, and by which rule. */
  readonly words: string;
  /** The field of a cron trigger that it is about, if it is about one. */
  readonly field?: string;
  /** The field's text. */
  readonly value?: string;
  /** A time at which only this package fires: ISO 8601 with the offset of the trigger's zone. */
  readonly ours?: string;
  /** A time at which only cron-parser does. */
  readonly theirs?: string;
}

/** What a comparison with cron-parser gave. */
export interface TriggerCheck {
  /**
   * `same`: each time agrees. `explained`: for each difference there is a known rule. `unexplained`: for one there is none.
   * `not-comparable`: cron-parser can't express the trigger, so nothing was compared.
   */
  readonly outcome: "same" | "explained" | "unexplained" | "not-comparable";
  /** How many of our fire times were compared, 0 to 20. */
  readonly compared: number;
  /** The differences, and why. Empty if the outcome is `same`. */
  readonly differences: readonly CheckFinding[];
  /** What was left aside, such as calendars. */
  readonly notes: readonly CheckFinding[];
}
