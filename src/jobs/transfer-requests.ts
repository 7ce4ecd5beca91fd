import type { EpochMs } from "../core/clock.ts";
import type { Actor } from "./actor.ts";
import type { Occurrence } from "./schedule.ts";
import type {
  JobRecord,
  LedgerRecord,
  RevisionRecord,
  RemovedJobRecord,
  RequestRecord,
  RunStepRecord,
} from "./state-record.ts";

/** A job with the runs that were asked for. */
export interface ExportedJob {
  readonly owner: JobRecord | RemovedJobRecord;
  readonly requests: readonly RequestRecord[];
}

/** One page of jobs. */
export interface ExportPage {
  readonly jobs: readonly ExportedJob[];
  /** Where to read on; `undefined` at the end. */
  readonly cursor: string | undefined;
  /** The highest number given to a generation or revision. */
  readonly sequence: number;
  /** Another one than before says that a job was changed. */
  readonly stamp: string;
  /** The queue that all of these are on; absent where there is the default queue only. */
  readonly queue?: string;
}

/** A record to be stored. `place` counts from 1 in the order of storing, over all steps. */
export type ImportRecord = { readonly place: number } & (
  | {
      readonly record: JobRecord;
      /** The next occurrences, which are to wait in the queue if the job is active. */
      readonly upcoming: readonly Occurrence[];
    }
  | { readonly record: RemovedJobRecord | RequestRecord }
  | {
      readonly record: LedgerRecord | RevisionRecord;
      /** Until when it is kept if its job is not there; `null`: for a week, in which the job is to follow. */
      readonly keepUntil: EpochMs | null;
    }
  | {
      readonly record: RunStepRecord;
      /** Until when it is kept; `null`: for `keepAgeMs` from now. */
      readonly keepUntil: EpochMs | null;
      readonly keepAgeMs: number;
    }
);

/** One step of an import. */
export interface ImportStep {
  /** Names the import; the same when it is repeated, so that what it stored before is not stored twice. */
  readonly importId: string;
  /** Who imports. */
  readonly by: Actor;
  /** The queue of all of its records, which has a place of its own. Absent: the default queue. */
  readonly queue?: string | undefined;
  /** By which claims of their ids the jobs are stored. The fleet sets this, for queues beside the default one. */
  readonly claims?: ReadonlyMap<string, number>;
  /** Numbers that this engine gives from now on are higher. */
  readonly sequence: number;
  /** In the order of their places. None only asks for the place that was reached. */
  readonly records: readonly ImportRecord[];
  /** Forgets that there was such an import: it is complete. */
  readonly isDone?: boolean;
}

/** What came of a step. */
export interface ImportAnswer {
  /** The place up to which records are stored. */
  readonly place: number;
  /** Jobs of these ids are there and not by this import: nothing of the step was stored. */
  readonly existing: readonly string[];
  /** One of the claims was given up meanwhile: nothing of the step was stored. */
  readonly isVoid?: boolean;
}
