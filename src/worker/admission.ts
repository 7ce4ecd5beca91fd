import type { Clock } from "../core/clock.ts";
import type { Admission, AdmitRequest, Engine, TakenQueueJob } from "../engine/port/engine.ts";
import type { QueueJobId } from "../jobs/occurrence-id.ts";
import type { DueOccurrences } from "../jobs/schedule.ts";
import type { DefinitionCache, KnownJob } from "./definition-cache.ts";
import { retryWhileLocked } from "./retry-while-locked.ts";
import type { OutcomeLog } from "./outcome-log.ts";
import type { ServerClock } from "./server-clock.ts";

/** With coalesce only the latest occurrence runs; a few more are listed because clocks differ by a little. */
const LISTED_WITH_COALESCE = 10;
/** How often a request is recomputed because another worker decided meanwhile. */
const MAX_ROUNDS = 20;

/** What an admission is made with. */
export interface AdmissionParts {
  readonly engine: Pick<Engine, "runs">;
  readonly definitions: DefinitionCache;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly worker: string;
  readonly maxCrashes: number;
  readonly outcomes: OutcomeLog;
}

/** Asks the engine what to do with a queue job, and keeps the next occurrences waiting. */
export class Admissions {
  readonly #parts: AdmissionParts;
  #takes = 0;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  async decide(
    queueJob: TakenQueueJob,
    id: QueueJobId,
    job: KnownJob | undefined,
  ): Promise<Admission> {
    const { engine, definitions, clock, serverClock } = this.#parts;
    const take = `${this.#parts.worker}.${(this.#takes += 1)}`;
    let request = this.#ask(queueJob, id, job, take, undefined);
    for (let round = 0; ; round += 1) {
      const sentAt = clock.now();
      // With the same take, so that a request whose answer was lost is recognized. A new one would count as another start.
      const asked = request;
      const admission = await retryWhileLocked(clock, queueJob, () => engine.runs.admit(asked));
      serverClock.observe(admission.now, sentAt);
      if (admission.outcome !== "behind" || round >= MAX_ROUNDS) {
        for (const event of admission.told ?? []) this.#parts.outcomes.decided(id.jobId, event);
        return admission;
      }
      const { revision, watermark } = admission;
      request = this.#ask(
        queueJob,
        id,
        await definitions.get(id.jobId, { revision }),
        take,
        watermark,
      );
    }
  }

  #ask(
    queueJob: TakenQueueJob,
    id: QueueJobId,
    job: KnownJob | undefined,
    take: string,
    watermark: number | undefined,
  ): AdmitRequest {
    const knowsSchedule =
      id.kind === "occurrence" && job !== undefined && job.generation === id.sequence;
    const base = knowsSchedule ? (watermark ?? job.schedule.prev(id.fireAt)) : 0;
    const due = knowsSchedule ? this.#due(job, id, base) : { older: undefined, latest: [] };
    const decidedUpTo = due.latest.at(-1)?.fireAt ?? id.fireAt;
    return {
      queueJobId: queueJob.id,
      take,
      jobId: id.jobId,
      kind: id.kind,
      generation: id.kind === "occurrence" ? id.sequence : 0,
      revision: job?.revision ?? 0,
      base,
      older: due.older,
      latest: due.latest,
      upcoming: knowsSchedule ? job.schedule.ahead(decidedUpTo) : [],
      knowsSchedule,
      worker: this.#parts.worker,
      maxCrashes: this.#parts.maxCrashes,
      lock: queueJob.lock,
    };
  }

  #due(job: KnownJob, id: QueueJobId, base: number): DueOccurrences {
    const { policy } = job.definition;
    const own = job.schedule.next(id.fireAt - 1);
    // The queue job's own occurrence is always included: if it is early, the engine says by how much.
    const now = Math.max(this.#parts.serverClock.now(), own?.fireAt === id.fireAt ? own.dueAt : 0);
    return job.schedule.due(base, now, policy.coalesce ? LISTED_WITH_COALESCE : policy.maxCatchUp);
  }
}
