import type { EpochMs } from "../../core/clock.ts";

/** The fleet's workers, and leases on what only one member may do at a time. */
export interface MembersPort {
  /** Takes or renews the lease; false if somebody else holds it. */
  holdLease(name: string, owner: string, ttlMs: number): Promise<boolean>;
  releaseLease(name: string, owner: string): Promise<void>;
  /** Says that a worker lives; its record is forgotten after `ttlMs`. */
  heartbeat(record: WorkerRecord, ttlMs: number): Promise<void>;
  /** Forgets a worker that stopped. */
  forget(workerId: string): Promise<void>;
  /** The workers that live. */
  list(): Promise<WorkerRecord[]>;
}

/** What a worker says of itself. */
export interface WorkerRecord {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly pipelines: readonly string[];
  /** The queues that it serves. */
  readonly queues: readonly string[];
  /** Runs at once, on each queue. */
  readonly concurrency: number;
  /** At most `max` starts per `perMs` on each queue; absent without a bound. */
  readonly rateLimit?: { readonly max: number; readonly perMs: number };
  readonly running: readonly string[];
  readonly startedAt: EpochMs;
  /** Server time of the last heartbeat. */
  readonly seenAt: EpochMs;
  /** The worker's clock minus the server's. */
  readonly clockSkewMs: number;
}
