import type { RunKind } from "../jobs/ledger-row.ts";
import type { OpenState, SkipReason, Verdict } from "../jobs/verdict.ts";

/** What became of the promise that an occurrence is. */
export const PROMISES = ["kept", "late", "excused", "broken", "in-flight"] as const;

/**
 * What became of the promise that an occurrence is. `kept`: it succeeded. `late`: it succeeded, and began more than
 * ten seconds after it was due. `excused`: somebody, or a rule of the job, wanted it so. `broken`: it failed, was missed, or
 * found `maxInstances` runs unfinished. `in-flight`: it has no verdict yet.
 */
export type PromiseState = (typeof PROMISES)[number];

/** A run that began later than this after it was due was late. One of the bounds by which figures count lateness. */
export const LATE_MS = 10_000;

/** What a promise is judged by. */
export interface Judged {
  readonly trigger: RunKind;
  readonly verdict: Verdict | OpenState;
  readonly reason: SkipReason | undefined;
  readonly attempt: number | undefined;
  readonly latenessMs: number | undefined;
}

/**
 * What became of a promise; `undefined` for a run by hand and one of a backfill, which nobody was promised. After a retry
 * nobody knows how late the first attempt began, so such a run is not late.
 */
export function promiseOf(run: Judged): PromiseState | undefined {
  if (run.trigger !== "scheduled") return undefined;
  switch (run.verdict) {
    case "succeeded":
      return (run.attempt ?? 1) === 1 && (run.latenessMs ?? 0) > LATE_MS ? "late" : "kept";
    case "failed":
    case "missed":
      return "broken";
    case "skipped":
      return run.reason === "max-instances" ? "broken" : "excused";
    case "cancelled":
    case "coalesced":
      return "excused";
    case "queued":
    case "running":
    case "retrying":
    case "sleeping":
      return "in-flight";
  }
}
