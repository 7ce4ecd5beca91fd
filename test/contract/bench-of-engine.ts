import { randomUUID } from "node:crypto";
import { vi } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { lineLogger } from "../../src/core/log.ts";
import type {
  Admission,
  AdmitRequest,
  Engine,
  JobPut,
  SettleRequest,
} from "../../src/engine/engine.ts";
import { type ConnectionOption, makeEngine } from "../../src/engine/open-engine.ts";
import type { JobDefinition, Policy, Retention } from "../../src/jobs/definition.ts";
import type { StoredEvent } from "../../src/jobs/event.ts";
import type { LedgerRow } from "../../src/jobs/run.ts";
import { wakeUpId } from "../../src/jobs/occurrence-id.ts";
import type { Occurrence } from "../../src/jobs/schedule.ts";

/** Where the injected clock begins: in the past of the real one, so that every queue job can be taken. */
export const START = Date.UTC(2020, 0, 1);
/** As few as the Redis stream trims to. */
export const MAX_EVENTS = 200;

/** What differs from a plain job. */
export interface JobShape {
  readonly id?: string;
  readonly queue?: string;
  readonly policy?: Partial<Policy>;
  readonly retention?: Partial<Retention>;
  readonly state?: "active" | "paused";
  readonly watermark?: number;
  readonly upcoming?: readonly Occurrence[];
  readonly declared?: string;
  readonly description?: string;
}

/** A job as stored for a case. */
export interface CaseJob {
  readonly id: string;
  readonly generation: number;
}

/** One time as an occurrence without jitter. */
export const at = (fireAt: number, jitterMs = 0): Occurrence => ({
  fireAt,
  dueAt: fireAt + jitterMs,
});

/** An engine under test with a clock that the case moves. */
export class EngineBench {
  readonly engine: Engine;
  /** The server's clock. */
  now = START;
  #takes = 0;

  constructor(connection: ConnectionOption | undefined, prefix: string) {
    this.engine = makeEngine({
      connection,
      prefix,
      clock: systemClock,
      logger: lineLogger("error"),
      timeoutMs: 20_000,
      maxEvents: MAX_EVENTS,
      serverNow: () => this.now,
    });
  }

  definition({ id = randomUUID(), queue = "default", ...shape }: JobShape): JobDefinition {
    return {
      id,
      pipeline: "Report",
      ...(queue === "default" ? {} : { queue }),
      ...(shape.description === undefined ? {} : { description: shape.description }),
      tags: [],
      params: { region: "eu" },
      timezone: "UTC",
      trigger: { kind: "date", at: START } as unknown as JobDefinition["trigger"],
      jitter: null,
      firstRunAt: null,
      policy: {
        maxInstances: 1,
        coalesce: true,
        misfireGraceMs: null,
        maxCatchUp: 1_000,
        ...shape.policy,
      },
      retention: { count: 1_000, ageMs: 30 * 86_400_000, ...shape.retention },
      createdAt: START,
      declared: { all: shape.declared ?? "one", schedule: "every second" },
    };
  }

  put(shape: JobShape = {}): JobPut {
    return {
      definition: this.definition(shape),
      state: shape.state ?? "active",
      watermark: shape.watermark ?? this.now,
      upcoming: shape.upcoming ?? [at(this.now + 1_000), at(this.now + 2_000)],
    };
  }

  async addJob(shape: JobShape = {}): Promise<CaseJob> {
    const put = this.put(shape);
    const [result] = await this.engine.putJobs([put]);
    if (result?.outcome !== "created")
      throw new Error(`the job was not created: ${JSON.stringify(result)}`);
    return { id: put.definition.id, generation: result.generation };
  }

  /** The queue job of an occurrence. */
  queueJobId(job: CaseJob, fireAt: number): string {
    return wakeUpId({ jobId: job.id, kind: "occurrence", sequence: job.generation, fireAt });
  }

  request(job: CaseJob, latest: readonly Occurrence[], more: Partial<AdmitRequest> = {}) {
    const last = latest.at(-1)?.fireAt ?? this.now;
    return {
      queueJobId: this.queueJobId(job, last),
      take: `take-${(this.#takes += 1)}`,
      jobId: job.id,
      kind: "occurrence" as const,
      generation: job.generation,
      revision: 1e15,
      base: 0,
      older: undefined,
      latest,
      upcoming: [at(last + 1_000), at(last + 2_000)],
      knowsSchedule: true,
      worker: "worker-1",
      maxCrashes: 3,
      ...more,
    };
  }

  admit(
    job: CaseJob,
    latest: readonly Occurrence[],
    more: Partial<AdmitRequest> = {},
  ): Promise<Admission> {
    return this.engine.admit(this.request(job, latest, more));
  }

  /** Admits what must run, and gives the run. */
  async run(job: CaseJob, fireAt: number, more: Partial<AdmitRequest> = {}) {
    const admission = await this.admit(job, [at(fireAt)], more);
    if (admission.outcome !== "run") throw new Error(`it did not run: ${admission.outcome}`);
    return admission.run;
  }

  settle(job: CaseJob, queueJobId: string, attempt = 1, more: Partial<SettleRequest> = {}) {
    return this.engine.settle({
      jobId: job.id,
      queueJobId,
      attempt,
      verdict: "succeeded",
      durationMs: 40,
      worker: "worker-1",
      resultJson: undefined,
      error: undefined,
      retention: { count: 1_000, ageMs: 30 * 86_400_000 },
      ...more,
    });
  }

  ledger(job: CaseJob, order: "latest" | "oldest" = "oldest"): Promise<LedgerRow[]> {
    const query = { jobId: job.id, fromAt: 0, toAt: 8.64e15, offset: 0, limit: 10_000, order };
    return this.engine.readLedger(query);
  }

  /** Takes queue jobs and does nothing until those named are gone, as if they had been lost. */
  async lose(...ids: readonly string[]): Promise<void> {
    const left = new Set(ids);
    const consumer = this.engine.consume({
      concurrency: 20,
      lockMs: 30_000,
      stalledCheckMs: 30_000,
      onError: () => undefined,
      handle: async ({ id }) => {
        left.delete(id);
        return "done";
      },
    });
    await vi.waitUntil(() => left.size === 0, { timeout: 20_000, interval: 10 });
    await consumer.stop();
  }

  async stored(job: CaseJob) {
    const [stored] = await this.engine.getJobs([job.id]);
    if (!stored) throw new Error(`there is no job ${job.id}`);
    return stored;
  }

  /** The events of one job after a cursor, all of them. */
  async events(cursor: string, job?: CaseJob): Promise<StoredEvent[]> {
    const found: StoredEvent[] = [];
    for (let from = cursor; ;) {
      const batch = await this.engine.readEvents("reader", from, 1);
      found.push(...batch.events.map(({ event }) => event));
      if (batch.events.length === 0)
        return job ? found.filter(({ jobId }) => jobId === job.id) : found;
      from = batch.cursor;
    }
  }
}
