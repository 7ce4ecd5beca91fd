import type { Engine } from "../engine/port/engine.ts";
import { systemActor } from "../jobs/actor.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { overridesEndAt } from "../jobs/overrides.ts";
import { JobStore } from "./job-store.ts";
import { endPlan } from "./override-plans.ts";
import { endPausePlan } from "./pauses.ts";

/** As many ends as a job can have: of each override, and of its pause. */
const MAX_ENDS = 4;

/** Ends what has come to its end of a job, its pause and its overrides, in the order of their ends. */
export async function endTimed(engine: Pick<Engine, "jobs" | "now">, jobId: string): Promise<void> {
  const pauses = new JobStore(engine, systemActor("pause-until"));
  const overrides = new JobStore(engine, systemActor("override-expiry"));
  for (let ends = 0; ends < MAX_ENDS; ends += 1) {
    let isDone = true;
    await pauses.tryChange(jobId, (job, now) => {
      const plan = isPauseFirst(job) ? endPausePlan(job, now) : undefined;
      if (plan) isDone = false;
      return plan;
    });
    await overrides.tryChange(jobId, (job, now) => {
      const plan = isPauseFirst(job) ? undefined : endPlan(job, now);
      if (plan) isDone = false;
      return plan;
    });
    if (isDone) return;
  }
}

function isPauseFirst({ definition, pausedUntil }: StoredJob): boolean {
  return pausedUntil !== null && pausedUntil <= (overridesEndAt(definition) ?? Infinity);
}
