import type { WorkerRecord as StoredWorker } from "../engine/port/engine.ts";

/** A worker of the fleet that is alive, as it said of itself last. */
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
