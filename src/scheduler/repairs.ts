import { type Clock, sleep } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { AuditFinding, Engine, QueueJob } from "../engine/port/engine.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { queueJobIdOf } from "../jobs/occurrence-id.ts";
import { queueOf } from "../jobs/queue.ts";
import { Schedule } from "../jobs/schedule.ts";

/** What can be put back. */
export type Repairable = Exclude<AuditFinding, { kind: "overdue" | "expired" | "timed" }>;

const REASONS: Readonly<Record<Repairable["kind"], string>> = {
  unscheduled: "its next occurrence was not waiting in the queue; added again",
  stranded: "a queued run had no queue job; added again",
  "orphan-run": "a run held an instance and its queue job was gone; put back for another attempt",
};

/** Jobs looked at in one call of the server. */
const SLICE = 200;
/** What is in transit at one look has arrived at the next. */
const BETWEEN_MS = 500;
const NEVER_MS = 10 * 365 * 86_400_000;

/** Puts back what is not where it should be, and says so in an event. */
export async function repair(
  engine: Pick<Engine, "events" | "jobs" | "now" | "queue">,
  logger: Logger,
  finding: Repairable,
): Promise<void> {
  const { jobId, kind } = finding;
  if (finding.kind === "unscheduled") {
    const [job] = await engine.jobs.get([jobId]);
    if (!job || job.state !== "active") return;
    await engine.queue.add(nextWakeUps(job));
  } else {
    await engine.queue.add([finding.queueJob]);
  }
  const reason = REASONS[kind];
  logger.warn(`job "${jobId}" repaired: ${reason}`);
  const event = {
    name: "JOB_REPAIRED",
    jobId,
    reason,
    ...(finding.kind === "orphan-run" ? { runId: finding.runId } : {}),
  } as const;
  await engine.events.append([{ ...event, at: await engine.now() }]);
}

/** A finding that has moved on between two looks is not the same one. */
export function keyOf(finding: Repairable): string {
  const { kind, jobId } = finding;
  const what = kind === "unscheduled" ? finding.watermark : finding.queueJob.id;
  return `${kind} ${jobId} ${what}`;
}

/** What of all jobs is not where it should be, seen twice. Nothing is repaired. */
export async function findLost(
  engine: Pick<Engine, "healing" | "jobs">,
  clock: Clock,
): Promise<Repairable[]> {
  const first = await look(engine);
  if (first.length === 0) return [];
  await sleep(clock, BETWEEN_MS);
  const seen = new Set(first.map(keyOf));
  return (await look(engine)).filter((finding) => seen.has(keyOf(finding)));
}

async function look(engine: Pick<Engine, "healing" | "jobs">): Promise<Repairable[]> {
  const total = await engine.jobs.count();
  const found = new Map<string, Repairable>();
  for (let offset = 0; offset === 0 || offset < total; offset += SLICE) {
    const findings = await engine.healing.audit({
      horizonMs: 0,
      offset,
      limit: SLICE,
      overdueMs: NEVER_MS,
      finishedRetentionMs: NEVER_MS,
    });
    for (const finding of findings) if (isRepairable(finding)) found.set(keyOf(finding), finding);
  }
  return [...found.values()];
}

function isRepairable(finding: AuditFinding): finding is Repairable {
  return finding.kind !== "overdue" && finding.kind !== "expired" && finding.kind !== "timed";
}

/** The queue job that should be waiting for a job's next occurrence. */
function nextWakeUps({ definition, generation, watermark }: StoredJob): QueueJob[] {
  const next = new Schedule(definition).next(watermark);
  if (!next) return [];
  const { id: jobId, pipeline } = definition;
  const id = queueJobIdOf({ jobId, kind: "occurrence", sequence: generation, fireAt: next.fireAt });
  return [{ id, pipeline, dueAt: next.dueAt, queue: queueOf(definition) }];
}
