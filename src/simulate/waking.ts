import type { SimulatedGroup } from "./simulated-group.ts";
import { dueQueueJob, type SimulatedJob } from "./simulated-job.ts";
import type { Timeline } from "./timeline.ts";

/** Makes workers look at queued runs again, in their turn. */
export class Waking {
  readonly #timeline: Timeline;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  wakeJob(job: SimulatedJob): void {
    if (job.wakeup) return;
    job.wakeup = dueQueueJob(job, "wakeup", { since: this.#timeline.now });
    job.slots.lineUp(job.wakeup);
  }

  /** Wakes a job with queued runs and a free instance. In a group it joins the line, which {@link endStep} wakes. */
  wakeForQueued(job: SimulatedJob): void {
    if (job.queued.length === 0 || job.isFull) return;
    if (job.group === null) this.wakeJob(job);
    else job.group.join(job);
  }

  /** Ends a step on a job: what it changed may be what others wait for. */
  endStep(job: SimulatedJob, hasChanged: boolean): void {
    if (hasChanged && job.dependents.length > 0) this.#wakeDependents(job);
    if (job.group) this.#wakeGroup(job.group);
  }

  /** Wakes as many jobs in line as there is room for; those that were woken before count as if they ran. */
  #wakeGroup(group: SimulatedGroup<SimulatedJob>): void {
    let taken = group.running;
    for (const job of group.line) {
      if (taken >= (job.rules.group?.limit ?? 0)) continue;
      this.wakeJob(job);
      taken += 1;
    }
  }

  #wakeDependents(job: SimulatedJob): void {
    for (const other of job.dependents)
      if (other.queued.some(({ waitUntil }) => waitUntil !== null)) this.wakeJob(other);
  }
}
