import type { EpochMs } from "../core/clock.ts";
import type { Actor } from "./actor.ts";
import type { Scoped } from "./scope.ts";
import type { Verdict } from "./verdict.ts";

/** Fire times to be run after the event. */
export interface BackfillPlan extends Scoped {
  readonly jobId: string;
  /** Names the backfill, so that adding to it goes on in many calls. */
  readonly backfillId: string;
  readonly fireTimes: readonly EpochMs[];
  /** How many of them run at once. */
  readonly concurrency: number;
  readonly order: "oldest" | "latest";
  /** Whether these are its last ones; nothing begins before. */
  readonly isComplete: boolean;
  /** Who asks for it. */
  readonly by: Actor;
}

/** The progress of a backfill. */
export interface BackfillState {
  readonly backfillId: string;
  readonly state: "adding" | "active" | "paused" | "finished" | "cancelled";
  readonly total: number;
  readonly waiting: number;
  readonly running: number;
  readonly verdicts: Readonly<Partial<Record<Verdict, number>>>;
  readonly concurrency: number;
  readonly order: "oldest" | "latest";
  readonly createdAt: EpochMs;
}

/** What can be done with a backfill. */
export type BackfillChange = "pause" | "resume" | "cancel";
