import type { SimulatedGroup } from "./simulated-group.ts";
import type { SimulatedJob } from "./simulated-job.ts";
import type { Timeline } from "./timeline.ts";

/** Makes workers look at queued runs again, in their turn. */
export class Waking {
  readonly #timeline: Timeline;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  wakeJob(job: SimulatedJob): void {
    if (job.hasWakeup) return;
    job.hasWakeup = true;
    job.slots.lineUp({ job, why: "wakeup", run: null, since: this.#timeline.now });
  }

  /** Wakes a job with queued runs and a free instance; in a group, when it is its turn. */
  wakeForQueued(job: SimulatedJob): void {
    if (job.queued.length === 0 || job.isFull) return;
    if (job.group === null) {
      this.wakeJob(job);
      return;
    }
    job.group.join(job);
    this.wakeGroup(job.group);
  }

  /** Wakes as many jobs in line as there is room for; those that were woken before count as if they ran. */
  wakeGroup(group: SimulatedGroup<SimulatedJob>): void {
    let taken = group.running;
    for (const job of group.line) {
      if (taken >= (job.rules.group?.limit ?? 0)) continue;
      this.wakeJob(job);
      taken += 1;
    }
  }

  /** Something about this job changed that others may be waiting for. */
  wakeDependents(job: SimulatedJob): void {
    for (const other of job.dependents)
      if (other.queued.some(({ waitUntil }) => waitUntil !== null)) this.wakeJob(other);
  }
}
