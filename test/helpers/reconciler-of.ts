import { systemClock } from "../../src/core/clock.ts";
import type { Engine } from "../../src/engine/port/engine.ts";
import { Reconciler } from "../../src/scheduler/reconciler.ts";

/** How far apart its passes are meant to be. */
export const PASS_MS = 2_000;

const quiet = (): void => undefined;

/** A reconciler whose passes a case starts itself, and which logs nothing. */
export function reconcilerOf(engine: Engine, finishedRetentionMs = 3_600_000): Reconciler {
  return new Reconciler({
    engine,
    clock: systemClock,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    owner: "a case",
    everyMs: PASS_MS,
    overdueMs: 10_000,
    finishedRetentionMs,
  });
}
