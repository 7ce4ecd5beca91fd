import { TESTER } from "../helpers/tester.ts";
import { randomUUID } from "node:crypto";
import { vi } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { lineLogger } from "../../src/core/log.ts";
import type {
  Admission,
  AdmitRequest,
  AuditFinding,
  Engine,
  JobPut,
  RunHold,
  RunRequest,
  SettleRequest,
  QueueJob,
} from "../../src/engine/port/engine.ts";
import { type ConnectionOption, makeEngine } from "../../src/engine/open-engine.ts";
import type { JobListPage, JobListQuery } from "../../src/jobs/job-list.ts";
import type { Scope } from "../../src/jobs/scope.ts";
import type { JobDefinition, Policy, Retention } from "../../src/jobs/definition.ts";
import type { StoredEvent } from "../../src/jobs/event.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import { DEFAULT_QUEUE } from "../../src/jobs/queue.ts";
import { parseQueueJobId, queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import type { Occurrence } from "../../src/jobs/schedule.ts";
import { engineWith } from "../helpers/engine-with.ts";
import { aDefinition } from "../helpers/a-definition.ts";
import { takeQueueJobs } from "./take-queue-jobs.ts";

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
  readonly owner?: string;
  readonly source?: string;
  readonly tags?: readonly string[];
  readonly pipeline?: string;
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

/** A fleet's engine as a worker of one queue sees it: its decisions are about that queue. */
function seenFrom(served: Engine, fleet: Engine): Engine {
  const { runs, jobs, steps, logs, queue, transfer } = served;
  return engineWith(fleet, {
    runs,
    jobs: { readDefinitions: (ids) => jobs.readDefinitions(ids) },
    steps: { save: (hold, step) => steps.save(hold, step) },
    logs: { append: (writes) => logs.append(writes) },
    queue: { consume: (options) => queue.consume(options) },
    transfer: { listStepRuns: (...page) => transfer.listStepRuns(...page) },
  });
}

/** An engine under test with a clock that the case moves. */
export class TestEngine {
  readonly engine: Engine;
  /** Where jobs are added that name no queue, and where queue jobs are taken and decided. */
  readonly queue: string;
  readonly #time: { now: number };
  #takes = 0;
  /** Runs by the queue jobs that they began under. */
  readonly #began = new Map<string, string>();

  /** @param seen A fleet that is open, seen from one of its queues. */
  constructor(
    connection: ConnectionOption | undefined,
    prefix: string,
    seen?: Pick<TestEngine, "engine" | "queue"> & { readonly time: { now: number } },
  ) {
    const { time } = seen ?? { time: { now: START } };
    this.#time = time;
    this.queue = seen?.queue ?? DEFAULT_QUEUE;
    this.engine =
      seen?.engine ??
      makeEngine({
        connection,
        prefix,
        clock: systemClock,
        logger: lineLogger("error"),
        timeoutMs: 20_000,
        maxEvents: MAX_EVENTS,
        serverNow: () => time.now,
      });
  }

  /** The same fleet and the same clock, on another queue. */
  async on(queue: string): Promise<TestEngine> {
    const served = await this.engine.serve?.(queue);
    if (!served) throw new Error("this engine has no queues");
    const engine = seenFrom(served, this.engine);
    return new TestEngine(undefined, "", { engine, queue, time: this.#time });
  }

  /** The server's clock. */
  get now(): number {
    return this.#time.now;
  }

  set now(instant: number) {
    this.#time.now = instant;
  }

  definition({ id = randomUUID(), queue = this.queue, ...shape }: JobShape): JobDefinition {
    const { owner, source, tags, pipeline } = shape;
    return aDefinition({
      id,
      ...(owner === undefined ? {} : { owner }),
      ...(source === undefined ? {} : { source }),
      ...(tags && { tags }),
      ...(pipeline === undefined ? {} : { pipeline }),
      ...(queue === DEFAULT_QUEUE ? {} : { queue }),
      ...(shape.description === undefined ? {} : { description: shape.description }),
      params: { region: "eu" },
      trigger: { kind: "date", at: START } as unknown as JobDefinition["trigger"],
      policy: shape.policy,
      retention: shape.retention,
      createdAt: START,
      declared: { all: shape.declared ?? "one", schedule: "every second" },
    });
  }

  put(shape: JobShape = {}): JobPut {
    return {
      definition: this.definition(shape),
      state: shape.state ?? "active",
      watermark: shape.watermark ?? this.now,
      upcoming: shape.upcoming ?? [at(this.now + 1_000), at(this.now + 2_000)],
      by: TESTER,
    };
  }

  async addJob(shape: JobShape = {}): Promise<CaseJob> {
    const put = this.put(shape);
    const [result] = await this.engine.jobs.put([put]);
    if (result?.outcome !== "created")
      throw new Error(`the job was not created: ${JSON.stringify(result)}`);
    return { id: put.definition.id, generation: result.generation };
  }

  /** The queue job of an occurrence. */
  queueJobId(job: CaseJob, fireAt: number): string {
    return queueJobIdOf({ jobId: job.id, kind: "occurrence", sequence: job.generation, fireAt });
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

  async admit(
    job: CaseJob,
    latest: readonly Occurrence[],
    more: Partial<AdmitRequest> = {},
  ): Promise<Admission> {
    const request = this.request(job, latest, more);
    const admission = await this.engine.runs.admit(request);
    if (admission.outcome === "run") this.#began.set(request.queueJobId, admission.run.runId);
    return admission;
  }

  /** A queue job as the audit wants it put back now. */
  queueJob(id: string): QueueJob {
    const where = this.queue === DEFAULT_QUEUE ? {} : { queue: this.queue };
    return { id, pipeline: "Report", dueAt: this.now, ...where };
  }

  /** The hold on the last run that started under a queue job; if none did, on the queue job's own run. */
  hold(job: { readonly id: string }, queueJobId: string, start = 1): RunHold {
    const runId = this.#began.get(queueJobId) ?? queueJobId;
    return { jobId: job.id, queueJobId, runId, start };
  }

  /** Admits what must run, and gives the run. */
  async run(job: CaseJob, fireAt: number, more: Partial<AdmitRequest> = {}) {
    const admission = await this.admit(job, [at(fireAt)], more);
    if (admission.outcome !== "run") throw new Error(`it did not run: ${admission.outcome}`);
    return admission.run;
  }

  /** Lets time pass up to the next second and admits it as an occurrence. */
  tick(job: CaseJob, more: Partial<AdmitRequest> = {}): Promise<Admission> {
    this.now += 1_000;
    return this.admit(job, [at(this.now)], more);
  }

  /** A run of the job that began and ended, one second later. */
  async ranOnce(job: CaseJob, verdict: SettleRequest["verdict"] = "succeeded"): Promise<string> {
    this.now += 1_000;
    const { runId } = await this.run(job, this.now);
    await this.settle(job, runId, 1, { verdict });
    return runId;
  }

  /** A manual run, and the outcome of its queue job. */
  async manual(job: CaseJob, more: Partial<RunRequest> = {}) {
    const asked = await this.engine.requests.run({
      by: TESTER,
      jobId: job.id,
      sequence: (this.#takes += 1),
      ...more,
    });
    if (asked === "missing") throw new Error(`there is no job ${job.id}`);
    const { runId } = asked;
    const request = {
      kind: "manual",
      knowsSchedule: false,
      generation: 0,
      queueJobId: runId,
    } as const;
    return { runId, admission: await this.admit(job, [], { ...request, upcoming: [] }) };
  }

  /** Acknowledges a wakeup of a job. */
  answer(job: CaseJob, queueJobId: string, more: Partial<AdmitRequest> = {}): Promise<Admission> {
    return this.admit(job, [], {
      kind: "wakeup",
      queueJobId,
      generation: 0,
      knowsSchedule: false,
      upcoming: [],
      ...more,
    });
  }

  /** Takes a job's wakeups from the queue, including those for later. */
  async wakeups(job: CaseJob): Promise<string[]> {
    const other = await this.addJob();
    const taken: string[] = [];
    // While something waits, some of those for later come into the line behind it, at least one: when a second marker is
    // all that there was, there are no more of them.
    for (let sequence = 1, found = 2; sequence === 2 || found > 1; sequence += 1) {
      const marker = await this.engine.requests.run({ by: TESTER, jobId: other.id, sequence });
      const round = await takeQueueJobs(this.engine, [marker === "missing" ? "" : marker.runId]);
      taken.push(...round);
      found = round.length;
    }
    return taken.filter((id) => {
      const queueJob = parseQueueJobId(id);
      return queueJob?.kind === "wakeup" && queueJob.jobId === job.id;
    });
  }

  /** Acknowledges the only wakeup of a job. */
  async answerCall(job: CaseJob): Promise<Admission> {
    const wakeups = await this.wakeups(job);
    const [only = ""] = wakeups;
    if (wakeups.length !== 1)
      throw new Error(`${wakeups.length} wakeups instead of one: ${wakeups.join(" ")}`);
    return this.answer(job, only);
  }

  /** The runs without a verdict, as `queued 1000` with the milliseconds after an instant. */
  async open(job: CaseJob, from: number): Promise<string[]> {
    const rows = await this.engine.ledger.readOpenRuns(job.id);
    return rows
      .toSorted((a, b) => a.fireAt - b.fireAt)
      .map(({ state, fireAt }) => `${state} ${fireAt - from}`);
  }

  /** The rows of the ledger, as `skipped: condition 1000` with the milliseconds after an instant. */
  async verdicts(job: CaseJob, from: number): Promise<string[]> {
    return (await this.ledger(job)).map(
      ({ state, reason, fireAt }) =>
        `${state}${reason === undefined ? "" : `: ${reason}`} ${fireAt - from}`,
    );
  }

  /** The audit's findings about a job's runs, without its schedule. */
  async audit(job: CaseJob): Promise<AuditFinding[]> {
    const findings = await this.engine.healing.audit({
      horizonMs: 0,
      offset: 0,
      limit: 0,
      overdueMs: 1e12,
      finishedRetentionMs: 1e12,
    });
    return findings.filter(({ jobId, kind }) => jobId === job.id && kind !== "unscheduled");
  }

  settle(job: CaseJob, queueJobId: string, start = 1, more: Partial<SettleRequest> = {}) {
    return this.engine.runs.settle({
      ...this.hold(job, queueJobId, start),
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
    return this.engine.ledger.read(query);
  }

  /** Takes queue jobs and does nothing until those named are gone, as if they had been lost. */
  async lose(...ids: readonly string[]): Promise<void> {
    const left = new Set(ids);
    const consumer = this.engine.queue.consume({
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

  /** The ids of all jobs that fit, page by page; by their next run unless said otherwise. */
  async listAll(
    query: Partial<JobListQuery> = {},
    scope: Scope = "all",
    onPage: (page: JobListPage) => Promise<void> | void = () => undefined,
  ): Promise<string[]> {
    const ids: string[] = [];
    let { after } = query;
    for (;;) {
      const page = await this.engine.jobs.list(
        { filter: {}, order: "next-run", limit: 1_000, mostLooked: 10_000, ...query, after },
        scope,
      );
      ids.push(...page.found.map(({ id }) => id));
      if (!page.next) return ids;
      after = page.next;
      await onPage(page);
    }
  }

  async stored(job: CaseJob) {
    const [stored] = await this.engine.jobs.get([job.id]);
    if (!stored) throw new Error(`there is no job ${job.id}`);
    return stored;
  }

  /** The events of one job after a cursor, all of them. */
  async events(cursor: string, job?: CaseJob): Promise<StoredEvent[]> {
    const found: StoredEvent[] = [];
    for (let from = cursor; ;) {
      const batch = await this.engine.events.read("reader", from, 1);
      found.push(...batch.events.map(({ event }) => event));
      if (batch.events.length === 0)
        return job ? found.filter(({ jobId }) => jobId === job.id) : found;
      from = batch.cursor;
    }
  }
}
