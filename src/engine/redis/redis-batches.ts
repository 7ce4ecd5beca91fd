import { parseQueueJobId } from "../../jobs/occurrence-id.ts";
import type { BegunRun } from "../port/engine.ts";
import type { LockedJob, QueueBatches, TakenJobs, TakeOptions } from "../bullmq/queue-batches.ts";
import { decodeLastRun } from "./job-codec.ts";
import type { FastPath } from "./fast-path.ts";
import type { ScriptRunner } from "./scripts.ts";

/** What `take_jobs` says about what to take next: there may be more now, or not before the rate limit allows it. */
const MORE = 1;
const LIMITED = 2;

/** A string, or the value that means "none" in a reply or in JSON. */
type Optional = string | null | false | undefined;

/** What `take_jobs` answers about a queue job; the optional part only about a run that started. */
type Answer = [
  id: string,
  pipeline: string,
  takes: string,
  revision?: string,
  runId?: string,
  fromAt?: string,
  dueAt?: string,
  count?: string,
  lastId?: Optional,
  lastTimes?: Optional,
  lastResult?: Optional,
];

/** BullMQ's queue jobs, many per script call. */
export class RedisBatches implements QueueBatches {
  readonly #scripts: ScriptRunner;
  readonly #fastPath: FastPath;

  constructor(scripts: ScriptRunner, fastPath: FastPath) {
    this.#scripts = scripts;
    this.#fastPath = fastPath;
  }

  async take({ taker, turn, lockMs, count, owner, limit }: TakeOptions): Promise<TakenJobs> {
    const { worker = "", pipelines = [] } = owner ?? {};
    const answer = await this.#scripts.run("take_jobs", {
      taker,
      turn,
      lockMs,
      count,
      worker,
      pipelines: JSON.stringify(pipelines),
      limitMax: limit?.max ?? 0,
      limitMs: limit?.perMs ?? 0,
    });
    const [untilNextUs, next, now, ...jobs] = answer as [number, number, number, ...Answer[]];
    return {
      jobs: jobs.map((job) => this.#taken(job, now)),
      lock: `${taker}:${turn}`,
      untilNextMs: untilNextUs / 1_000,
      isMore: next === MORE,
      isLimited: next === LIMITED,
    };
  }

  async passOn(): Promise<void> {
    await this.#scripts.run("pass_on", {});
  }

  async end(jobs: readonly LockedJob[]): Promise<void> {
    const flat = jobs.flatMap(({ id, lock }) => [id, lock]);
    await this.#scripts.run("end_jobs", { jobs: JSON.stringify(flat) });
  }

  async park({ id, lock }: LockedJob, delayMs: number): Promise<boolean> {
    const delay = Math.max(0, Math.ceil(delayMs));
    return (await this.#scripts.run("park_job", { id, token: lock, delayMs: delay })) === 1;
  }

  #taken(answer: Answer, now: number): TakenJobs["jobs"][number] {
    const [id, pipeline, takes] = answer;
    return { id, pipeline, takes: Number(takes), begun: this.#begun(answer, now) };
  }

  #begun(answer: Answer, now: number): BegunRun | undefined {
    const [id, , , revision, runId = "", fromAt, dueAt, count, ...last] = answer;
    const occurrence = revision === undefined ? undefined : parseQueueJobId(runId);
    if (!occurrence) return undefined;
    const { fireAt } = occurrence;
    const [lastId, lastTimes, lastResult] = last.map((text) => text || undefined);
    const run = {
      runId,
      kind: "scheduled",
      fireAt,
      dueAt: Number(dueAt),
      startedAt: now,
      start: 1,
      attempt: 1,
      failures: 0,
      count: Number(count ?? 1),
      fromAt: Number(fromAt),
      lastRun: decodeLastRun(lastId, lastTimes, lastResult),
    } as const;
    return {
      run,
      revision: Number(revision),
      goesOn: (next) => this.#fastPath.goesOn(id, occurrence, next),
    };
  }
}
