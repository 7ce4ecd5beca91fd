import { z } from "zod";
import type { EpochMs } from "../core/clock.ts";

/** The queue of jobs that don't name one. */
export const DEFAULT_QUEUE = "default";

/** A queue's name: 1 to 64 letters, digits and `_ . -`. */
export const queueNameSchema = z
  .string()
  .regex(/^[\w.-]{1,64}$/)
  .meta({ allowed: "a string of 1 to 64 letters, digits, _ . and -" });

/** The queue that a stored job is on. */
export function queueOf({ queue = DEFAULT_QUEUE }: { readonly queue?: string }): string {
  return queue;
}

/** A queue job to be added; adding one that exists does nothing. */
export interface QueueJob {
  /** Made by `queueJobIdOf`. */
  readonly id: string;
  readonly pipeline: string;
  readonly dueAt: EpochMs;
  /** Where it is added. Absent: the default queue. */
  readonly queue?: string;
}
