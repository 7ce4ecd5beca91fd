import { type Clock, sleep } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import type { Logger } from "../core/log.ts";
import type { AuditFinding, Engine, WakeUp, WorkerRecord } from "../engine/engine.ts";
import type { StoredJob } from "../jobs/definition.ts";
import type { StoredEvent } from "../jobs/event.ts";
import { wakeUpId } from "../jobs/occurrence-id.ts";
import { DEFAULT_QUEUE, queueOf } from "../jobs/queue.ts";
import { Schedule } from "../jobs/schedule.ts";

/**
 * Jobs checked a pass beyond those that are due soon; a whole fleet is gone through in turns. Few, since whoever is due is
 * looked at in time anyway, and what every pass costs must not grow with what is stored.
 */
const SLICE = 100;
const LEASE = "reconciler";

/** How a reconciler is made. */
export interface ReconcilerOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names this process where the lease is held. */
  readonly owner: string;
  readonly everyMs: number;
  readonly overdueMs: number;
  readonly finishedRetentionMs: number;
}

type Repairable = Exclude<AuditFinding, { kind: "overdue" | "expired" }>;

const REASONS: Readonly<Record<Repairable["kind"], string>> = {
  unscheduled: "its next occurrence was not waiting in the queue; added again",
  stranded: "a queued run had no queue job; added again",
  "orphan-run": "a run held an instance and its queue job was gone; put back for another attempt",
};

/** Finds what should be impossible and repairs it. Every scheduler process has one; one at a time works. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #ended = new AbortController();
  /** What the last pass found. A state seen once may only be on its way; seen twice it is repaired. */
  #suspects: ReadonlySet<string> = new Set();
  #offset = 0;
  #loop: Promise<void> | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#loop;
    await this.#options.engine.releaseLease(LEASE, this.#options.owner).catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { engine, clock, logger, owner, everyMs } = this.#options;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        // A pass may take its time; three missed ones let another process take over.
        if (await engine.holdLease(LEASE, owner, everyMs * 3 + 1_000)) await this.pass();
      } catch (error) {
        if (!signal.aborted) logger.warn("reconciler", { error });
      }
      await sleep(clock, everyMs, signal);
    }
  }

  /** One look, and the repair of what the look before saw too. */
  async pass(): Promise<void> {
    const { engine, everyMs, overdueMs, finishedRetentionMs } = this.#options;
    const offset = this.#offset;
    const findings = await engine.audit({
      horizonMs: everyMs * 3,
      offset,
      limit: SLICE,
      overdueMs,
      finishedRetentionMs,
    });
    const total = await engine.countJobs();
    const suspects = new Set<string>();
    for (const finding of findings) {
      if (finding.kind === "overdue") await this.#tellOverdue(finding);
      else if (finding.kind === "expired") await this.#expire(finding.jobId);
      else if (this.#suspects.has(keyOf(finding))) await this.#repair(finding);
      else suspects.add(keyOf(finding));
    }
    const next = offset + SLICE >= total ? 0 : offset + SLICE;
    // A slice that holds suspects is looked at again in the next pass.
    this.#offset = suspects.size > 0 ? offset : next;
    this.#suspects = suspects;
  }

  async #repair(finding: Repairable): Promise<void> {
    const { engine, logger } = this.#options;
    if (finding.kind === "unscheduled") {
      const [job] = await engine.getJobs([finding.jobId]);
      if (!job || job.state !== "active") return;
      await engine.enqueue(nextWakeUps(job));
    } else {
      await engine.enqueue([finding.wakeUp]);
    }
    const reason = REASONS[finding.kind];
    logger.warn(`job "${finding.jobId}" repaired: ${reason}`);
    await this.#tell({
      name: "JOB_REPAIRED",
      jobId: finding.jobId,
      reason,
      ...(finding.kind === "orphan-run" ? { runId: finding.runId } : {}),
    });
  }

  async #tellOverdue(finding: Extract<AuditFinding, { kind: "overdue" }>): Promise<void> {
    const { engine, logger } = this.#options;
    if (await engine.isPaused()) return;
    const [job] = await engine.getJobs([finding.jobId]);
    const why = whyNobodyTakes(job, await engine.listWorkers());
    const reason = `due for ${formatDuration(finding.lateMs)}: ${why}`;
    logger.warn(`job "${finding.jobId}" is overdue: ${reason}`);
    await this.#tell({ name: "JOB_OVERDUE", jobId: finding.jobId, fireAt: finding.fireAt, reason });
  }

  async #expire(jobId: string): Promise<void> {
    await this.#options.engine.removeJob({ jobId, expectedWatermark: undefined, skipped: [] });
  }

  async #tell(event: Omit<StoredEvent, "at">): Promise<void> {
    const { engine } = this.#options;
    await engine.appendEvents([{ ...event, at: await engine.now() }]);
  }
}

/** Why no worker takes what is due, as far as the workers' own words say. */
function whyNobodyTakes(job: StoredJob | undefined, workers: readonly WorkerRecord[]): string {
  if (workers.length === 0) return "no worker is running";
  const queue = queueOf(job?.definition ?? {});
  const serving = workers.filter(({ queues }) => queues.includes(queue));
  if (serving.length === 0) return `none of the ${workers.length} workers serves queue "${queue}"`;
  const pipeline = job?.definition.pipeline ?? "";
  const able = serving.filter(({ pipelines }) => pipelines.includes(pipeline));
  const where = queue === DEFAULT_QUEUE ? "" : ` of queue "${queue}"`;
  return able.length === 0
    ? `none of the ${serving.length} workers${where} has the pipeline "${pipeline}"`
    : `the ${able.length} workers${where} with this pipeline are busy or do not answer`;
}

/** What has moved on between two looks is not the same finding. */
function keyOf(finding: Repairable): string {
  const { kind, jobId } = finding;
  const what = kind === "unscheduled" ? finding.watermark : finding.wakeUp.id;
  return `${kind} ${jobId} ${what}`;
}

/** The queue job that a job's schedule should have waiting. */
function nextWakeUps({ definition, generation, watermark }: StoredJob): WakeUp[] {
  const next = new Schedule(definition).next(watermark);
  if (!next) return [];
  const { id: jobId, pipeline } = definition;
  const id = wakeUpId({ jobId, kind: "occurrence", sequence: generation, fireAt: next.fireAt });
  return [{ id, pipeline, dueAt: next.dueAt, queue: queueOf(definition) }];
}
