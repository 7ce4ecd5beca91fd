import type { EpochMs } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import type { WorkerRecord } from "../engine/port/engine.ts";
import type { JobDefinition } from "../jobs/definition.ts";
import { DEFAULT_QUEUE, queueOf } from "../jobs/queue.ts";
import { MAX_NAMED_RUNS } from "../worker/heartbeat.ts";

/** A worker silent for this long has missed two heartbeats. */
const SILENT_MS = 12_000;

/** What workers are chosen by. */
export interface DueJob {
  readonly definition: Pick<JobDefinition, "pipeline" | "queue">;
}

/** The live workers that serve a job's queue and know its pipeline. */
export function ableWorkers(job: DueJob, workers: readonly WorkerRecord[]): WorkerRecord[] {
  return workers.filter((worker) => serves(worker, job) && hasPipeline(worker, job));
}

/**
 * Why no worker takes a due occurrence, judging by the workers' heartbeats.
 * @param now By the server's clock.
 * @param youngMs A worker younger than this has had no time yet.
 */
export function overdueCause(
  job: DueJob,
  workers: readonly WorkerRecord[],
  { now, youngMs }: { readonly now: EpochMs; readonly youngMs: number },
): string {
  if (workers.length === 0) return "no worker is running";
  const queue = queueOf(job.definition);
  const serving = workers.filter((worker) => serves(worker, job));
  if (serving.length === 0) {
    return workers.length === 1
      ? `the only worker does not serve queue "${queue}"`
      : `none of the ${workers.length} workers serves queue "${queue}"`;
  }
  const { pipeline } = job.definition;
  const where = queue === DEFAULT_QUEUE ? "" : ` of queue "${queue}"`;
  const able = serving.filter((worker) => hasPipeline(worker, job));
  if (able.length === 0) {
    return serving.length === 1
      ? `the only worker${where} does not have the pipeline "${pipeline}"`
      : `none of the ${serving.length} workers${where} has the pipeline "${pipeline}"`;
  }
  const states = statesOf(able, now, youngMs);
  const [first = ""] = states.map(({ text }) => text);
  if (able.length === 1) return `the only worker${where} with this pipeline ${first}`;
  const all = `the ${able.length} workers${where} with this pipeline`;
  if (states.length === 1) return `${all} ${first}`;
  return `of ${all} ${states.map(({ text, count }) => `${count} ${text}`).join(" and ")}`;
}

interface State {
  readonly count: number;
  /** What one or all of these workers are doing, e.g. `is busy (2 of 2 runs)`. */
  readonly text: string;
}

/** What these workers are doing, grouped by activity. */
function statesOf(able: readonly WorkerRecord[], now: EpochMs, youngMs: number): State[] {
  const silent = able.filter(({ seenAt }) => now - seenAt >= SILENT_MS);
  const heard = able.filter((worker) => !silent.includes(worker));
  const young = heard.filter(({ startedAt }) => now - startedAt < youngMs);
  const others = heard.filter((worker) => !young.includes(worker));
  const busy = others.filter(isFull);
  const withRoom = others.filter((worker) => !isFull(worker));
  // Nothing else keeps a worker with room from a due queue job for long.
  const limited = withRoom.filter(({ rateLimit }) => rateLimit !== undefined);
  const free = withRoom.filter((worker) => !limited.includes(worker));
  // In whole seconds, since workers only estimate the server's clock.
  const since = (time: EpochMs): string =>
    formatDuration(Math.max(1, Math.ceil((now - time) / 1_000)) * 1_000);
  const groups: [readonly WorkerRecord[], (isOne: boolean) => string][] = [
    [busy, (isOne) => `${isOne ? "is" : "are"} busy (${load(busy)})`],
    [
      silent,
      (isOne) =>
        `${isOne ? "has" : "have"} been silent for ${since(Math.max(...silent.map(({ seenAt }) => seenAt)))}`,
    ],
    [young, () => `started ${since(Math.max(...young.map(({ startedAt }) => startedAt)))} ago`],
    [
      free,
      (isOne) =>
        `said within ${since(Math.min(...free.map(({ seenAt }) => seenAt)))} to have room (${load(free)}), and ${isOne ? "has" : "have"} not taken it`,
    ],
    [
      limited,
      (isOne) =>
        `${isOne ? "is" : "are"} held to a rateLimit of ${limitsOf(limited)} for the queue`,
    ],
  ];
  return groups
    .filter(([workers]) => workers.length > 0)
    .map(([workers, text]) => ({ count: workers.length, text: text(workers.length === 1) }));
}

/** Each rate limit once; they should be the same. */
function limitsOf(workers: readonly WorkerRecord[]): string {
  const texts = workers.flatMap(({ rateLimit }) =>
    rateLimit ? [`${rateLimit.max} per ${formatDuration(rateLimit.perMs)}`] : [],
  );
  return [...new Set(texts)].join(" or ");
}

/** Heartbeats list a bounded number of runs over all queues: a worker with fewer surely has room. */
function isFull({ running, concurrency }: WorkerRecord): boolean {
  return running.length >= Math.min(concurrency, MAX_NAMED_RUNS);
}

function load(workers: readonly WorkerRecord[]): string {
  let running = 0;
  let places = 0;
  for (const { running: named, concurrency, queues } of workers) {
    running += named.length;
    places += concurrency * queues.length;
  }
  const isCut = workers.some(({ running: named }) => named.length >= MAX_NAMED_RUNS);
  const least = isCut && running < places ? "at least " : "";
  const where = workers.some(({ queues }) => queues.length > 1) ? " on all queues" : "";
  return `${least}${running} of ${places} ${places === 1 ? "run" : "runs"}${where}`;
}

function serves({ queues }: WorkerRecord, job: DueJob): boolean {
  return queues.includes(queueOf(job.definition));
}

function hasPipeline({ pipelines }: WorkerRecord, job: DueJob): boolean {
  return pipelines.includes(job.definition.pipeline);
}
