import type { EpochMs } from "../../core/clock.ts";
import type { JobDefinition, StoredJob } from "../definition.ts";
import type { JobRevisions, Superseded } from "../noted-change.ts";
import { startingWatermark } from "../starting-watermark.ts";

/** A time in which one schedule said when a job was due. */
export interface Epoch {
  /** `undefined`: it is not known any more. */
  readonly definition: JobDefinition | undefined;
  /** Its fire times are later. */
  readonly after: EpochMs;
  /** The last fire time that was decided in it, or with its end; of the present one, the watermark. */
  readonly decidedTo: EpochMs;
  /** What was due by this instant had to be decided; what was due later may have been. */
  readonly until: EpochMs;
  /** Of the present one: whether what comes behind the watermark waits for a worker, or for the end of a pause. */
  readonly goesOn: "active" | "paused" | undefined;
}

/** What is known of a job: how it is stored, if it is, and its changes. */
export interface KnownJob {
  readonly job: Pick<StoredJob, "definition" | "state" | "watermark"> | undefined;
  readonly changes: JobRevisions;
}

/** The epochs of a job. */
export interface Epochs {
  /** Oldest first. */
  readonly epochs: readonly Epoch[];
  /** Fire times up to here may have been due by schedules that are not known any more. */
  readonly knownFrom: EpochMs;
}

type Ended = Omit<Epoch, "after">;

/** Finds the epochs of a job. */
export function epochsOf({ job, changes }: KnownJob): Epochs {
  const epochs: Epoch[] = [];
  let definition = job?.definition;
  // `undefined` while there was no job.
  let ended: Ended | undefined = job && presentOf(job);
  // From the newest on.
  for (const { what, before } of changes.revisions) {
    if (!before) continue;
    if (ended) epochs.push({ ...ended, after: before.watermark });
    definition = before.definition ?? definition;
    ended =
      before.state === "removed"
        ? undefined
        : {
            definition,
            decidedTo: decidedWith(what, before),
            until: before.until,
            goesOn: undefined,
          };
  }
  const oldest = epochs.at(-1)?.after;
  if (!ended) return { epochs: epochs.toReversed(), knownFrom: oldest ?? -Infinity };
  if (changes.isCut || !ended.definition)
    return { epochs: epochs.toReversed(), knownFrom: oldest ?? Infinity };
  const after = startingWatermark(ended.definition, ended.definition.createdAt);
  return { epochs: [...epochs, { ...ended, after }].toReversed(), knownFrom: -Infinity };
}

function presentOf({ definition, state, watermark }: NonNullable<KnownJob["job"]>): Ended {
  const goesOn = state === "finished" ? undefined : state;
  return { definition, decidedTo: watermark, until: Infinity, goesOn };
}

function decidedWith(what: string, { until, watermark, decidedTo }: Superseded): EpochMs {
  // A removal decides all that was due, and moves no watermark.
  return what === "removed" ? Math.max(until, watermark) : (decidedTo ?? watermark);
}
