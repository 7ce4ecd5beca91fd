import type { EpochMs } from "../core/clock.ts";

/**
 * What a queue job stands for. `occurrence`: a scheduled fire time of one schedule generation. `manual`: a run
 * requested with `runJob`. `wakeup`: makes a worker look at the job's queued runs. `backfill`: a past
 * fire time that a backfill runs; the sequence of its run is 0, so that it runs once.
 */
export type QueueJobKind = "occurrence" | "manual" | "wakeup" | "backfill";

/** Numbers of manual runs are below this, within the 15 digits of a queue job's id. */
export const MANUAL_NUMBERS: number = 2 ** 47;

/** The parts of a queue job's id. */
export interface QueueJobId {
  readonly jobId: string;
  readonly kind: QueueJobKind;
  /** The schedule generation of an occurrence; otherwise the sequence number. */
  readonly sequence: number;
  readonly fireAt: EpochMs;
}

const MARK = { occurrence: "", manual: "m", wakeup: "c", backfill: "b" } as const;
const KIND_OF_MARK: Readonly<Record<string, QueueJobKind>> = {
  "": "occurrence",
  m: "manual",
  c: "wakeup",
  b: "backfill",
};
const SHAPE = /^([^:]+):([mcb]?)(\d{1,15}):(\d{1,16})$/;

/** BullMQ only accepts ids with exactly two colons. A job id may contain any number, so they are written as `%3A`. */
function encodeJobId(jobId: string): string {
  return jobId.replaceAll("%", "%25").replaceAll(":", "%3A");
}

/**
 * The id of the queue job and of the run that it starts, such as `nightly-eu:7:1767225600000`. It consists only of job,
 * generation and fire time, so adding it twice is harmless.
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
