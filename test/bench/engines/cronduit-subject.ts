import { Pipeline, PipelineScheduler, type RunContext } from "../../../src/index.ts";
import { firstDueOf, type IntervalJobs, type OnRun, type Place, type Subject } from "./subject.ts";

/** Calls at once while jobs are prepared. */
const CALLS = 50;

/** This package, as its users use it. */
export class CronduitSubject implements Subject {
  readonly #scheduler: PipelineScheduler;
  readonly #concurrency: number;

  constructor({ connection, prefix, concurrency }: Place, onRun: OnRun) {
    this.#concurrency = concurrency;
    const pipeline = class extends Pipeline {
      run({ scheduledAt }: RunContext) {
        onRun(scheduledAt.getTime());
      }
    };
    const ignore = (): void => undefined;
    this.#scheduler = new PipelineScheduler({
      connection,
      prefix,
      pipelines: [{ pipeline, name: "nothing" }],
      worker: { concurrency },
      timeout: "60s",
      logger: { debug: ignore, info: ignore, warn: console.error, error: console.error },
    });
  }

  async start(): Promise<void> {
    await this.#scheduler.start();
  }

  async addIntervals(jobs: IntervalJobs): Promise<void> {
    await this.#scheduler.addJobs(
      Array.from({ length: jobs.count }, (_, n) => ({
        pipeline: "nothing",
        options: {
          id: `${jobs.name}-${n}`,
          trigger: "interval",
          milliseconds: jobs.everyMs,
          startDate: new Date(firstDueOf(jobs, n)),
        },
      })),
    );
  }

  async removeIntervals({ name, count }: IntervalJobs): Promise<void> {
    for (let n = 0; n < count; n += 1) await this.#scheduler.removeJob(`${name}-${n}`);
  }

  async holdRunsOfOne(count: number): Promise<void> {
    const id = "one";
    await this.#scheduler.addJob("nothing", {
      id,
      trigger: "cron",
      month: 2,
      day: 29,
      maxInstances: this.#concurrency,
      replaceExisting: true,
    });
    await this.#scheduler.pause();
    for (let at = 0; at < count; at += CALLS) {
      const calls = Array.from({ length: Math.min(CALLS, count - at) });
      await Promise.all(calls.map(() => this.#scheduler.runJob(id)));
    }
  }

  release(): Promise<void> {
    return this.#scheduler.resume();
  }

  close(): Promise<void> {
    return this.#scheduler.shutdown();
  }
}
