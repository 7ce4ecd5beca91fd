/** Why cron-parser and this package disagree on a trigger. */
export type CheckCode =
  /** The clock skips a stretch of local time. */
  | "dst-gap"
  /** The clock repeats a stretch of local time. */
  | "dst-overlap"
  /** Day and weekday are combined differently. */
  | "day-and-weekday"
  /** A list contains a value twice, which cron-parser rejects. */
  | "repeated-value"
  /** A range wraps around the field's end, such as `22-2`, which cron-parser rejects. */
  | "wrap-around"
  /** A day form that cron-parser can't read: `15W`, `L-3`, `2nd fri`, `5#2` in a list. */
  | "day-form"
  /** cron-parser gives up before the next time. */
  | "search-limit"
  /** cron-parser has no field for the year or the week. */
  | "no-such-field"
  /** cron-parser handles nothing but a single cron expression. */
  | "not-cron"
  /** cron-parser picks other values for `H`; the comparison uses ours. */
  | "hash"
  /** cron-parser has no calendars; the comparison is made before applying them. */
  | "calendars"
  /** The comparison covers fire times; jitter delays the runs after that. */
  | "jitter"
  /** The schedule is over, so there is nothing to compare. */
  | "over"
  /** No known rule explains it: probably a bug, here or there. */
  | "unexplained";

/** One difference between the two, or something left out of the comparison. */
export interface CheckFinding {
  /** For programs; never changes its meaning. */
  readonly code: CheckCode;
  /** The same in words: what each of them does, and by which rule. */
  readonly words: string;
  /** The cron field that it is about, if any. */
  readonly field?: string;
  /** The field's text. */
  readonly value?: string;
  /** A time at which only this package fires: ISO 8601 with the offset of the trigger's zone. */
  readonly ours?: string;
  /** A time at which only cron-parser fires. */
  readonly theirs?: string;
}

/** The result of a comparison with cron-parser. */
export interface TriggerCheck {
  /**
   * `same`: every time agrees. `explained`: a known rule explains every difference. `unexplained`: at least one
   * difference has no explanation. `not-comparable`: cron-parser can't express the trigger, so nothing was compared.
   */
  readonly outcome: "same" | "explained" | "unexplained" | "not-comparable";
  /** How many of our fire times were compared, 0 to 20. */
  readonly compared: number;
  /** The differences with their explanations; empty if the outcome is `same`. */
  readonly differences: readonly CheckFinding[];
  /** What was left out of the comparison, such as calendars. */
  readonly notes: readonly CheckFinding[];
}
