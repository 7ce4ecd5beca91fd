import { formatDuration } from "../core/durations.ts";
import { reasonOf } from "../core/stored-error.ts";
import type { Actor } from "../jobs/actor.ts";
import type { SkipReason } from "../jobs/verdict.ts";
import { LATE_MS } from "./promise.ts";
import type { Run } from "./run.ts";

/** Why an occurrence was skipped, as the end of a sentence. */
export const SKIPPED_BECAUSE: Readonly<Record<SkipReason, string>> = {
  "max-instances": "maxInstances runs were unfinished",
  condition: "its condition was false",
  paused: "the job was paused",
  removed: "the job was removed",
  rescheduled: "the job got another schedule before a worker took this occurrence",
  "overlap-replaced": "a later run replaced it",
  requested: "somebody asked for that",
};

/** Who asked for something and why, such as `user "ana" asked for that: stocktaking`. */
export function askedFor(by: Actor | undefined, note: string | undefined): string {
  const who = by ? `${by.kind} "${by.id}"` : "somebody";
  return `${who} asked for that${note === undefined ? "" : `: ${note}`}`;
}

/**
 * Why a run did not go as it should, as far as its row alone says: for lists, which show the reason of each row. `explain` knows more.
 * @returns `undefined` if there is nothing to say: it succeeded in time, or goes on
 */
export function whyOf(run: Run): string | undefined {
  const late = run.latenessMs === undefined ? "" : formatDuration(run.latenessMs);
  switch (run.verdict) {
    case "succeeded":
      return (run.latenessMs ?? 0) > LATE_MS && (run.attempt ?? 1) === 1
        ? `began ${late} late`
        : undefined;
    case "failed":
      return run.error ? reasonOf(run.error) : "no error was recorded";
    case "retrying":
      return run.error ? `will be tried again: ${reasonOf(run.error)}` : undefined;
    case "cancelled": {
      const by = run.cancelledBy ? `by ${run.cancelledBy.kind} "${run.cancelledBy.id}"` : "";
      return [by, run.error && reasonOf(run.error)].filter(Boolean).join(": ") || undefined;
    }
    case "missed":
      return `could have begun ${late} late, which is later than its rules allow`;
    case "coalesced":
      return "made up for by a later run, since several were due at the same time";
    case "skipped":
      if (run.reason === undefined) return "no reason was recorded";
      return run.reason === "requested"
        ? askedFor(run.requestedBy, run.note)
        : SKIPPED_BECAUSE[run.reason];
    case "queued":
    case "running":
    case "sleeping":
      return undefined;
  }
}
