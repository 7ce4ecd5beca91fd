import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Edit, JobSpec } from "../history/job-spec.ts";
import { BARE_QUEUE, type BareData, bareConnection } from "./bare-worker.ts";
import type { Answer, Client } from "./client.ts";
import { CLIENT_TIMEOUT_MS, type ProgramSettings } from "./settings.ts";

const BARE_CHANGES: ReadonlySet<string> = new Set(["pause", "resume", "modify", "reschedule"]);

/** A client of bare Job Schedulers, which have no pause: pausing removes the scheduler, resuming adds it again. */
export class BareClient implements Client {
  readonly #queue: Queue<BareData>;
  /** A job's current state lives on the server, since other clients change it too. */
  readonly #specs: Redis;

  private constructor(queue: Queue<BareData>, specs: Redis) {
    this.#queue = queue;
    this.#specs = specs;
  }

  static async open({ url, prefix }: ProgramSettings): Promise<Client> {
    const connection = bareConnection(url);
    const queue = new Queue<BareData>(BARE_QUEUE, { connection, prefix });
    queue.on("error", () => undefined);
    await queue.waitUntilReady();
    return new BareClient(queue, connection);
  }

  async apply(edit: Edit): Promise<Answer> {
    const limit = new Promise<Answer>((resolve) =>
      setTimeout(() => resolve({ result: "unknown" }), CLIENT_TIMEOUT_MS),
    );
    const work = this.#do(edit).then(
      (isDone): Answer => ({ result: isDone ? "ok" : "refused" }),
      (error: unknown): Answer => ({ result: "unknown", error: String(error) }),
    );
    return Promise.race([work, limit]);
  }

  async #do({ job, change }: Edit): Promise<boolean> {
    const specs = this.#specs;
    const key = `${this.#queue.opts.prefix}-specs`;
    if (change.kind === "add") {
      await specs.hset(key, job, JSON.stringify({ spec: change.spec, isPaused: false }));
      await this.#upsert(job, change.spec);
      return true;
    }
    const text = await specs.hget(key, job);
    if (text === null) return false;
    const { spec, isPaused } = JSON.parse(text) as { spec: JobSpec; isPaused: boolean };
    if (change.kind === "remove") {
      await this.#queue.removeJobScheduler(job);
      await specs.hdel(key, job);
      return true;
    }
    // It has no such operations.
    if (!BARE_CHANGES.has(change.kind)) return true;
    const next: JobSpec =
      change.kind === "modify" || change.kind === "reschedule" ? { ...spec, ...change } : spec;
    const isPausedNext = change.kind === "pause" || (change.kind !== "resume" && isPaused);
    if (isPausedNext) await this.#queue.removeJobScheduler(job);
    // Resuming what isn't paused does nothing, as in ours: an upsert would shift the schedule.
    else if (change.kind !== "resume" || isPaused) await this.#upsert(job, next);
    await specs.hset(key, job, JSON.stringify({ spec: next, isPaused: isPausedNext }));
    return true;
  }

  async #upsert(job: string, { schedule, work, rev }: JobSpec): Promise<void> {
    const data: BareData = { job, rev, ms: work.ms, act: work.act };
    if (schedule.kind === "date") {
      const now = Date.now();
      const delay = Math.max(0, schedule.at - now);
      await this.#queue.add(job, data, { jobId: `${job}-${rev}`, delay, timestamp: now });
      return;
    }
    const repeat =
      schedule.kind === "interval"
        ? { every: schedule.everyMs, startDate: schedule.startAt }
        : { pattern: `${schedule.seconds.join(",")} * * * * *`, tz: schedule.timezone };
    await this.#queue.upsertJobScheduler(job, repeat, { name: job, data });
  }
}
