import type { EpochMs } from "../core/clock.ts";

/**
 * What a queue job stands for. `occurrence`: the wake-up of a scheduled fire time of one schedule generation.
 * `manual`: a run asked for by `runJob`. `continuation`: a call to take the oldest queued occurrence of the job.
 * `backfill`: a fire time of the past that a backfill runs; the sequence of its run is 0, so that it runs once.
 */
export type QueueJobKind = "occurrence" | "manual" | "continuation" | "backfill";

/** A queue job's id, taken apart. */
export interface QueueJobId {
  readonly jobId: string;
  readonly kind: QueueJobKind;
  /** The schedule generation of an occurrence; the sequence number of the others. */
  readonly sequence: number;
  readonly fireAt: EpochMs;
}

const MARK = { occurrence: "", manual: "m", continuation: "c", backfill: "b" } as const;
const KIND_OF_MARK: Readonly<Record<string, QueueJobKind>> = {
  "": "occurrence",
  m: "manual",
  c: "continuation",
  b: "backfill",
};
const SHAPE = /^([^:]+):([mcb]?)(\d{1,15}):(\d{1,16})$/;

/** BullMQ takes ids with exactly two colons; a job id may hold any number, so they are written as `%3A`. */
function encodeJobId(jobId: string): string {
  return jobId.replaceAll("%", "%25").replaceAll(":", "%3A");
}

/**
 * The id of the queue job, and of the run that it starts, e.g. `nightly-eu:7:1767225600000`.
 * It is made of the job, the generation and the fire time alone, so adding it twice is harmless.
 */
export function queueJobIdOf(id: QueueJobId): string {
  return `${encodeJobId(id.jobId)}:${MARK[id.kind]}${id.sequence}:${id.fireAt}`;
}

/** Reads an id made by {@link queueJobIdOf}; `undefined` for anything else. */
export function parseQueueJobId(text: string): QueueJobId | undefined {
  const parts = SHAPE.exec(text);
  if (!parts) return undefined;
  const [, encoded = "", mark = "", sequence, fireAt] = parts;
  return {
    jobId: encoded.replaceAll("%3A", ":").replaceAll("%25", "%"),
    kind: KIND_OF_MARK[mark] ?? "occurrence",
    sequence: Number(sequence),
    fireAt: Number(fireAt),
  };
}
