/** The final states of an occurrence. Exactly one of them is ever recorded for it. */
export const VERDICTS = [
  "succeeded",
  "failed",
  "cancelled",
  "missed",
  "coalesced",
  "skipped",
] as const;

/** The final state of an occurrence. */
export type Verdict = (typeof VERDICTS)[number];

/** States of an occurrence that has been claimed and has no verdict yet. */
export const OPEN_STATES = ["queued", "running", "retrying", "sleeping"] as const;

/** A state before the verdict. */
export type OpenState = (typeof OPEN_STATES)[number];

/** Why an occurrence was skipped. */
export const SKIP_REASONS = [
  "max-instances",
  "condition",
  "paused",
  "removed",
  "rescheduled",
  "overlap-replaced",
  "requested",
] as const;

/** Why an occurrence was skipped; set exactly when the verdict is `skipped`. */
export type SkipReason = (typeof SKIP_REASONS)[number];

/** The state of an occurrence: `due` before a decision, then an open state, then its verdict. */
export type OccurrenceState = "due" | OpenState | Verdict;

/**
 * Every transition of an occurrence. The diagram in `docs/semantics.md` shows the same arrows; a test compares the two.
 * `running → running` is a takeover: the worker died and another attempt began.
 */
export const TRANSITIONS: Readonly<Record<OccurrenceState, readonly OccurrenceState[]>> = {
  due: ["running", "queued", "missed", "coalesced", "skipped"],
  queued: ["running", "missed", "skipped", "coalesced", "cancelled"],
  running: ["running", "retrying", "sleeping", "succeeded", "failed", "cancelled"],
  retrying: ["running", "failed", "cancelled"],
  sleeping: ["running", "cancelled"],
  succeeded: [],
  failed: [],
  cancelled: [],
  missed: [],
  coalesced: [],
  skipped: [],
};
