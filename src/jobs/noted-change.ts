import type { EpochMs } from "../core/clock.ts";
import type { Actor } from "./actor.ts";
import type { JobDefinition, JobState } from "./definition.ts";

/** What a change can do. */
export const CHANGE_KINDS = [
  "added",
  "modified",
  "paused",
  "resumed",
  "removed",
  "run",
  "cancelled",
  "skipped",
  "unskipped",
  "overridden",
  "override-removed",
  "backfill-started",
  "backfill-paused",
  "backfill-resumed",
  "backfill-cancelled",
  "logs-deleted",
  "runs-deleted",
  "imported",
  "fleet-paused",
  "fleet-resumed",
] as const;

/**
 * What a change did. `run`: a run was asked for; `cancelled`: a run was; `skipped`: an occurrence is not to run;
 * `unskipped`: it is, after all.
 */
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** One field that a change gave another value, both in readable form; secrets are masked. */
export interface FieldChange {
  /** The option of `addJob`, or a path into it: `timeout`, `params.region`, `trigger`, `state`. */
  readonly field: string;
  readonly from: string;
  readonly to: string;
}

/** What is noted of every change. */
interface Noted {
  /** Server time. */
  readonly at: EpochMs;
  readonly by: Actor;
  readonly what: ChangeKind;
  /** Why, as the job or the run keeps it. */
  readonly reason?: string;
  readonly differences?: readonly FieldChange[];
  /** The occurrence that it was about, by its nominal time. */
  readonly fireAt?: EpochMs;
  /** The call that changed many jobs, of which this is a part. */
  readonly bulk?: string;
  /** Whose job it was then; after a change of the owner, the new one. Absent: nobody's, or those of several. */
  readonly owner?: string;
  /** If this gave the job to another owner, or took it from one: whose it was before. Empty: nobody's. */
  readonly formerOwner?: string;
}

/** What a call did to the jobs of one owner. */
export interface BulkPart {
  /** Absent: to those of nobody. */
  readonly owner?: string;
  readonly count: number;
  /** Some of them. */
  readonly jobIds: readonly string[];
}

/** A change in the fleet's list. */
export interface NotedChange extends Noted {
  /** Absent if it was about several jobs, or about the fleet. */
  readonly jobId?: string;
  /** The first of several jobs. */
  readonly jobIds?: readonly string[];
  /** If they belong to several owners: what each has to do with it, which is all that each is told. */
  readonly parts?: readonly BulkPart[];
  readonly runId?: string;
  /** How many jobs, runs or logs; absent: one. */
  readonly count?: number;
}

/** How a job was stored until a change. */
export interface Superseded {
  readonly revision: number;
  readonly state: JobState | "removed";
  /** Absent if the change left it as it was. Secret params are masked. */
  readonly definition?: JobDefinition;
  /** The instant that the change was made for: what was due by then is the superseded revision's. */
  readonly until: EpochMs;
  /** The watermark after the change: later fire times are the next revision's. */
  readonly watermark: EpochMs;
  /** Up to which fire time the change decided the superseded revision's occurrences, if that is not the watermark. */
  readonly decidedTo?: EpochMs;
}

/** A change in a job's own list. */
export interface Revision extends Noted, Pick<NotedChange, "count"> {
  /** Absent if the change left definition and state as they were. */
  readonly before?: Superseded;
}

/** How many changes of its own a job keeps. */
export const MAX_REVISIONS = 1_000;

/** The changes of one job. */
export interface JobRevisions {
  /** Newest first. */
  readonly revisions: readonly Revision[];
  /** Whether older ones were dropped. */
  readonly isCut: boolean;
}

/** What a request says of the change that it makes. */
export interface ChangeNote {
  readonly what: ChangeKind;
  /** The instant that it was planned for, by the server's clock. */
  readonly plannedAt: EpochMs;
  readonly differences?: readonly FieldChange[];
  /** Up to which fire time it decides the old schedule's occurrences, if the new one begins elsewhere. */
  readonly decidedTo?: EpochMs;
  /** The definition that it supersedes, if it brings another or removes the job. Secret params are masked. */
  readonly superseded?: JobDefinition;
}

/** A call that changes many jobs: all that it does is one change of the fleet. */
export interface Bulk {
  /** Names the call. */
  readonly id: string;
}

/**
 * Where the fleet's changes are listed. What programs and cronduit do all day has a list of its own, so that it does not
 * push out what people did.
 */
export type ChangeList = (typeof CHANGE_LISTS)[number];

/** Every {@link ChangeList}. */
export const CHANGE_LISTS = ["main", "routine"] as const;

/** A change as it is read from a list. */
export interface PlacedChange {
  readonly change: NotedChange;
  readonly list: string;
  /** Grows within the list. */
  readonly place: number;
}

/** For each list, the place before which to read on. */
export type ChangesCursor = Readonly<Record<string, number>>;

/** A page of the fleet's changes, newest first. */
export interface ChangesPage {
  readonly changes: readonly PlacedChange[];
  /** Absent at the end. */
  readonly cursor?: ChangesCursor;
}
