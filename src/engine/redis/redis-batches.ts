import type { LockedJob, QueueBatches, TakenJobs } from "../queue-batches.ts";
import type { ScriptRunner } from "./scripts.ts";

/** BullMQ's queue jobs, many in one script call. */
export class RedisBatches implements QueueBatches {
  readonly #scripts: () => ScriptRunner;

  constructor(scripts: () => ScriptRunner) {
    this.#scripts = scripts;
  }

  async take(token: string, lockMs: number, count: number): Promise<TakenJobs> {
    const answer = await this.#scripts().run("take_jobs", { token, lockMs, count });
    const [untilNextMs, ...flat] = answer as [number, ...(string | number)[]];
    const jobs = [];
    for (let at = 0; at < flat.length; at += 3) {
      jobs.push({ id: String(flat[at]), name: String(flat[at + 1]), takes: Number(flat[at + 2]) });
    }
    return { jobs, untilNextMs };
  }

  async end(jobs: readonly LockedJob[]): Promise<void> {
    const flat = jobs.flatMap(({ id, token }) => [id, token]);
    await this.#scripts().run("end_jobs", { jobs: JSON.stringify(flat) });
  }

  async park({ id, token }: LockedJob, delayMs: number): Promise<boolean> {
    const delay = Math.max(0, Math.ceil(delayMs));
    return (await this.#scripts().run("park_job", { id, token, delayMs: delay })) === 1;
  }
}
