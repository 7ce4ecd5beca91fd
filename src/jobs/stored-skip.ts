import type { EpochMs } from "../core/clock.ts";
import type { Actor } from "./actor.ts";

/** A fire time at which a job is not to run, because somebody asked for that. It is kept until it is decided. */
export interface StoredSkip {
  readonly fireAt: EpochMs;
  /** When it would be due: its fire time plus jitter. */
  readonly dueAt: EpochMs;
  /** What whoever asked for it wrote. */
  readonly reason?: string;
  readonly by: Actor;
  /** When it was asked for. */
  readonly at: EpochMs;
}

/** Skips that a job can have at a time. */
export const MAX_SKIPS = 1_000;
