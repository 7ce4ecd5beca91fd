import type { EpochMs } from "../core/clock.ts";
import type { Actor } from "./actor.ts";
import type { JobDefinition, JobState, StoredJob } from "./definition.ts";
import type { StoredEvent } from "./event.ts";
import type { Bulk, ChangeKind, ChangeNote } from "./noted-change.ts";
import type { Occurrence, Span } from "./schedule.ts";
import type { Scoped } from "./scope.ts";
import type { SkipChange } from "./skip-requests.ts";
import type { SkipReason } from "./verdict.ts";

/** A job's definition, and how new it is. */
export type StoredDefinition = Pick<StoredJob, "definition" | "revision" | "generation" | "skips">;

/** A job to be stored. */
export interface JobPut {
  readonly definition: JobDefinition;
  /** `paused` if it was added with `nextRunTime: null`. */
  readonly state: Exclude<JobState, "finished">;
  readonly watermark: EpochMs;
  /** The next occurrences, which wait in the queue while the job is active. */
  readonly upcoming: readonly Occurrence[];
  /** Who adds it. */
  readonly by: Actor;
  /** When something of the job changes by itself. Audits tell who is due. */
  readonly changesAt?: EpochMs | undefined;
  /** Whether the answer is to have the job, so that the caller need not read it. */
  readonly isRead?: boolean;
  readonly bulk?: Bulk | undefined;
}

/**
 * `created`: stored now. `same`: a job with an equal declaration is stored. `exists`: one with a different declaration is
 * stored; nothing was changed. `taken`: to somebody who does not see it, one of somebody else is.
 */
export type JobPutResult = (
  | { readonly outcome: "created"; readonly generation: number }
  | { readonly outcome: "same" | "exists" | "taken" }
) & {
  /** The job as it is stored now, if {@link JobPut.isRead} asked for it and it is on this queue. */
  readonly job?: StoredJob | undefined;
};

/** Occurrences decided without running, and why. */
export interface SkippedSpan extends Span {
  readonly verdict: "skipped" | "missed";
  /** Set exactly when the verdict is `skipped`. */
  readonly reason?: SkipReason | undefined;
}

/** A change of a stored job. It applies only if the job still has the revision that was read. */
export interface JobChange extends Scoped {
  readonly jobId: string;
  readonly expectedRevision: number;
  /** The new definition; absent when only the state changes. */
  readonly definition?: JobDefinition;
  /** A new schedule generation, which voids the queue jobs of older ones. Absent: the schedule stays. */
  readonly schedule?: {
    readonly state: JobState;
    readonly watermark: EpochMs;
    /** The next occurrences, which wait in the queue if the state is `active`. */
    readonly upcoming: readonly Occurrence[];
    /** The stored watermark that `skipped` was computed from; a different one is a conflict. */
    readonly expectedWatermark: EpochMs;
  };
  readonly pausedReason?: string | null;
  /** When something of the job changes by itself; `null`: nothing does any more. Absent: as before. */
  readonly changesAt?: EpochMs | null | undefined;
  /** When the pause ends by itself; `null`: not. Absent: as before. */
  readonly pausedUntil?: EpochMs | null;
  /**
   * Occurrences before its new watermark that run after all, in their order. They are due from now on: whatever the rules say
   * of occurrences that are due together holds, but for `coalesce` and `maxCatchUp`.
   */
  readonly runs?: readonly Occurrence[];
  /** Occurrences that this change decides. */
  readonly skipped?: readonly SkippedSpan[];
  /** What becomes of the skips that were asked for; absent if there are none, or if the schedule stays. */
  readonly skips?: SkipChange;
  /** Who makes it. */
  readonly by: Actor;
  /** The call that changes many jobs, if it is a part of one. */
  readonly bulk?: Bulk | undefined;
  readonly event: StoredEvent;
  /** What is kept of the change. */
  readonly note?: ChangeNote | undefined;
}

/** What a change does, as the note or else the event says. */
export function kindOfChange({ note, event }: Pick<JobChange, "event" | "note">): ChangeKind {
  if (note) return note.what;
  return event.name === "JOB_PAUSED"
    ? "paused"
    : event.name === "JOB_RESUMED"
      ? "resumed"
      : "modified";
}

/** `conflict`: somebody else changed the job after it was read; read it and try again. */
export type JobChangeResult =
  | { readonly outcome: "changed"; readonly generation: number }
  | { readonly outcome: "conflict" | "missing" };

/** The removal of a job. */
export interface JobRemoval extends Scoped {
  readonly jobId: string;
  /** The watermark that `skipped` was computed from; `undefined` removes the job whatever its state. */
  readonly expectedWatermark: EpochMs | undefined;
  /** The revision of the definition that `skipped` was computed from. */
  readonly expectedRevision?: number | undefined;
  readonly skipped: readonly SkippedSpan[];
  /** Who removes it. */
  readonly by: Actor;
  /** The call that changes many jobs, if it is a part of one. */
  readonly bulk?: Bulk | undefined;
  /** What is kept of it. */
  readonly note?: ChangeNote | undefined;
}

/** `undecided`: the job is not as expected; compute `skipped` again. */
export type JobRemovalResult = "removed" | "missing" | "undecided";
