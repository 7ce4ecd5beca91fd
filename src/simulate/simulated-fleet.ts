import { jobsIn } from "../conditions/condition.ts";
import type { EpochMs } from "../core/clock.ts";
import { queueOf } from "../jobs/queue.ts";
import type { FleetEntry } from "./fleet-input.ts";
import { SimulatedGroup } from "./simulated-group.ts";
import { type DueQueueJob, SimulatedJob } from "./simulated-job.ts";
import { WorkerSlots } from "./worker-slots.ts";

/** How many runs the workers execute at once: over all queues, or by queue; queues that are not named have no limit. */
export type SlotLimits = number | Readonly<Record<string, number>>;

/** The jobs, their groups and the workers. */
export interface SimulatedFleet {
  readonly jobs: readonly SimulatedJob[];
  readonly slots: readonly WorkerSlots<DueQueueJob>[];
  readonly groups: readonly SimulatedGroup<SimulatedJob>[];
}

/** Puts a fleet together. */
export function assembleFleet(
  entries: readonly FleetEntry[],
  { limits, fromAt }: { readonly limits: SlotLimits | undefined; readonly fromAt: EpochMs },
): SimulatedFleet {
  const slots = slotsOf(limits);
  const groups = new Map<string, SimulatedGroup<SimulatedJob>>();
  const jobs = entries.map(({ definition, watermark, isPaused }, index) => {
    const queue = queueOf(definition);
    const own = slots.find((each) => each.queue === queue) ?? slots[0];
    if (!own) throw new Error("a fleet has no workers");
    const group = groupOf(groups, queue, definition.policy.group);
    const job = new SimulatedJob(index, definition, { slots: own, group, watermark });
    if (isPaused) {
      job.next = undefined;
      job.pausedAt = fromAt;
    }
    return job;
  });
  const byId = new Map(jobs.map((job) => [job.id, job]));
  for (const job of jobs) {
    const { when } = job.definition.policy;
    for (const id of when ? jobsIn(when.condition) : []) {
      const named = byId.get(id);
      job.asked[id] = named?.facts ?? null;
      if (when?.waitMs !== null) named?.dependents.push(job);
    }
  }
  return { jobs, slots, groups: [...groups.values()] };
}

function slotsOf(limits: SlotLimits | undefined): WorkerSlots<DueQueueJob>[] {
  if (typeof limits !== "object")
    return [new WorkerSlots<DueQueueJob>(null, limits ?? Number.POSITIVE_INFINITY)];
  const named = Object.entries(limits).map(
    ([queue, limit]) => new WorkerSlots<DueQueueJob>(queue, limit),
  );
  return [new WorkerSlots<DueQueueJob>(null, Number.POSITIVE_INFINITY), ...named];
}

function groupOf(
  groups: Map<string, SimulatedGroup<SimulatedJob>>,
  queue: string,
  group: { readonly key: string; readonly limit: number } | null,
): SimulatedGroup<SimulatedJob> | null {
  if (group === null) return null;
  const id = `${queue}\0${group.key}`;
  const known = groups.get(id) ?? new SimulatedGroup<SimulatedJob>(queue, group.key);
  groups.set(id, known);
  known.limit = Math.max(known.limit, group.limit);
  return known;
}
