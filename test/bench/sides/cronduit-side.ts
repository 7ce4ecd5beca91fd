import type * as Package from "../../../src/index.ts";
import { firstDueOf, type IntervalJobs, type OnRun, type Place, type Side } from "./side.ts";

const ignore = (): void => undefined;
const logger = { debug: ignore, info: ignore, warn: console.error, error: console.error };

/** This package as its users have it: what `npm run build` made. */
export class CronduitSide implements Side {
  readonly #scheduler: Package.PipelineScheduler | undefined;
  readonly #worker: Package.PipelineWorker | undefined;
  readonly #stoppedFleet: () => Package.PipelineScheduler;

  private constructor(
    { Pipeline, PipelineScheduler, PipelineWorker }: typeof Package,
    place: Place,
    onRun: OnRun,
  ) {
    const { connection, concurrency, role } = place;
    const pipeline = class extends Pipeline {
      run({ scheduledAt }: Package.RunContext) {
        onRun(scheduledAt.getTime());
      }
    };
    const common = { connection, pipelines: [{ pipeline, name: "nothing" }], logger };
    if (role === "works") this.#worker = new PipelineWorker({ ...common, concurrency });
    else {
      const worker = role === "both" && { concurrency };
      this.#scheduler = new PipelineScheduler({ ...common, timeout: "10m", worker });
    }
    this.#stoppedFleet = () =>
      new PipelineScheduler({ ...common, prefix: "stopped", worker: false });
  }

  static async make(place: Place, onRun: OnRun): Promise<CronduitSide> {
    const built = new URL("../../../dist/index.js", import.meta.url).href;
    return new CronduitSide((await import(built)) as typeof Package, place, onRun);
  }

  async start(): Promise<void> {
    await this.#scheduler?.start();
    await this.#worker?.start();
  }

  async add(jobs: IntervalJobs): Promise<void> {
    if (this.#scheduler) await addTo(this.#scheduler, jobs);
  }

  /** By moving the state of a fleet that was stopped: so nobody has to wait for as long. */
  async addMissed(jobs: IntervalJobs, downtimeMs: number): Promise<void> {
    const stopped = this.#stoppedFleet();
    await addTo(stopped, jobs);
    await this.#scheduler?.importState(earlier(stopped.exportState(), downtimeMs));
    await stopped.shutdown();
  }
}

async function* earlier(state: AsyncIterable<string>, byMs: number): AsyncGenerator<string> {
  for await (const line of state) {
    const record = JSON.parse(line) as { kind?: string; watermark: number };
    if (record.kind === "job") record.watermark -= byMs;
    yield `${JSON.stringify(record)}\n`;
  }
}

async function addTo(scheduler: Package.PipelineScheduler, jobs: IntervalJobs): Promise<void> {
  const { name, count, everyMs, coalesce = true } = jobs;
  await scheduler.addJobs(
    Array.from({ length: count }, (_, n) => ({
      pipeline: "nothing",
      options: {
        id: `${name}-${n}`,
        trigger: "interval",
        milliseconds: everyMs,
        startDate: new Date(firstDueOf(jobs, n)),
        coalesce,
      },
    })),
  );
}
