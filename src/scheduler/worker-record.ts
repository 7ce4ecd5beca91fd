import type { WorkerRecord as StoredWorker } from "../engine/port/engine.ts";

/** A live worker of the fleet, as of its last heartbeat. */
export interface WorkerRecord extends Omit<StoredWorker, "startedAt" | "seenAt"> {
  readonly startedAt: Date;
  /** Server time of the last heartbeat. */
  readonly seenAt: Date;
}

/** A worker as users see it. */
export function toWorkerRecord(stored: StoredWorker): WorkerRecord {
  const { startedAt, seenAt } = stored;
  return { ...stored, startedAt: new Date(startedAt), seenAt: new Date(seenAt) };
}
