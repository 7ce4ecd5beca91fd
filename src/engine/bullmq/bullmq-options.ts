import { type BackendFactory, type ConnectionOptions, createRedisBackend } from "bullmq";
import type { Clock } from "../../core/clock.ts";
import type { QueueBatches } from "./queue-batches.ts";

/** A queue on Redis: a connection, and the prefix of BullMQ's keys. */
export interface RedisPlace {
  readonly connection: ConnectionOptions;
  readonly prefix: string;
}

/** A queue in a backend of its own. */
export interface BackendPlace {
  readonly backend: BackendFactory;
}

/** How a queue is made. */
export interface BullMqQueueOptions {
  readonly place: RedisPlace | BackendPlace;
  /** BullMQ's name for the queue. */
  readonly name: string;
  readonly clock: Clock;
  readonly batches: QueueBatches;
  onError(error: unknown): void;
}

/** BullMQ's options for where the queue is. */
export function redisOptions({ place }: BullMqQueueOptions): { connection: ConnectionOptions } {
  // Another backend has its own connection and ignores these.
  return "backend" in place ? { connection: {} } : place;
}

/** BullMQ's backend of the queue. */
export function backendOf({ place }: BullMqQueueOptions): BackendFactory {
  return "backend" in place ? place.backend : createRedisBackend;
}
