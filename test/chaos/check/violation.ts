/** Kinds of violations. */
export const VIOLATION_KINDS = [
  "lost occurrence",
  "no verdict",
  "two verdicts",
  "contradiction",
  "overlap",
  "early",
  "late",
  "wrong revision",
  "edit",
  "lost event",
  "reordered event",
  "leaked instance",
  "wrong figures",
  "attempt without cause",
  "unmatched start",
  "crashed process",
] as const;

/** One of {@link VIOLATION_KINDS}. */
export type ViolationKind = (typeof VIOLATION_KINDS)[number];

/** A broken promise. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly job: string;
  /** Roughly when; the timeline centers on it. */
  readonly at: number;
  readonly text: string;
}

/** A time of day with milliseconds, for texts. */
export function clockTime(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString().slice(11, 23) : String(at);
}
