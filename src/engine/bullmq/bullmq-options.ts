import { type BackendFactory, type ConnectionOptions, createRedisBackend } from "bullmq";
import type { Clock } from "../../core/clock.ts";
import type { QueueBatches } from "./queue-batches.ts";

/** A queue on Redis: a connection, and what BullMQ's keys begin with. */
export interface RedisPlace {
  readonly connection: ConnectionOptions;
  readonly prefix: string;
}

/** A queue in a backend of its own. */
export interface BackendPlace {
  readonly backend: BackendFactory;
  /** For workers that the server tells when something becomes due: their wait for a sign goes by its clock. */
  readonly serverClockBackend: BackendFactory;
}

/** What a queue is made of. */
export interface BullMqQueueOptions {
  /** Where the queue is. */
  readonly place: RedisPlace | BackendPlace;
  /** BullMQ's name of the queue. */
  readonly name: string;
  readonly clock: Clock;
  /** Ends the server's block at once when a delayed job becomes due, where that is needed; see {@link PunctualWorker}. */
  readonly nudge?: () => void;
  /** Takes and ends many queue jobs in one call; without it, BullMQ does so one by one. */
  readonly batches?: QueueBatches;
  onError(error: unknown): void;
}

/** Where BullMQ finds the queue. */
export function redisOptions({ place }: BullMqQueueOptions): { connection: ConnectionOptions } {
  // Another backend has its own connection and looks at none of these.
  return "backend" in place ? { connection: {} } : place;
}

/** What BullMQ keeps the queue in. */
export function backendOf({ place }: BullMqQueueOptions): BackendFactory {
  return "backend" in place ? place.backend : createRedisBackend;
}

/** The same for workers that the server tells when something becomes due. */
export function serverClockBackendOf({ place }: BullMqQueueOptions): BackendFactory {
  return "backend" in place ? place.serverClockBackend : createRedisBackend;
}
