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
/** How many decisions are read for the log at once, and how many rows of each. */
const MOST_LOOKS = 20;
const MOST_ROWS = 20;

/** What an admission is made with. */
export interface AdmissionParts {
  readonly engine: Pick<Engine, "ledger" | "runs">;
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
  #looks = 0;

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
        this.#tellDecided(request, id, admission);
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

  /**
   * Logs occurrences that will not run. Reads them only if there may be any, without making the run wait; a run that
   * decided nothing else costs nothing.
   */
  #tellDecided(request: AdmitRequest, id: QueueJobId, { outcome, now }: Admission): void {
    const { older, latest } = request;
    if (!this.#parts.outcomes.tellsDecisions) return;
    const mayBe = outcome === "none" || (outcome === "run" && (latest.length > 1 || older));
    if (!mayBe || this.#looks >= MOST_LOOKS) return;
    this.#looks += 1;
    const fromAt = older?.fromAt ?? latest[0]?.fireAt ?? id.fireAt;
    const toAt = Math.max(latest.at(-1)?.fireAt ?? 0, id.fireAt);
    void this.#look(id.jobId, { fromAt: Math.min(fromAt, id.fireAt), toAt }, now);
  }

  async #look(
    jobId: string,
    span: { readonly fromAt: number; readonly toAt: number },
    decidedAt: number,
  ): Promise<void> {
    const { engine, outcomes } = this.#parts;
    try {
      const query = { jobId, ...span, offset: 0, limit: MOST_ROWS, order: "latest" } as const;
      for (const row of await engine.ledger.read(query)) {
        const isNew = row.decidedAt === decidedAt || row.finishedAt === decidedAt;
        if (isNew && (row.startedAt === undefined || row.state === "failed"))
          outcomes.decided(jobId, row);
      }
    } catch {
      // The ledger and the events have it, and an unreachable server is reported anyway.
    } finally {
      this.#looks -= 1;
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
