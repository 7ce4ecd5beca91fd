import { type Job, Queue, Worker } from "bullmq";
import { firstDueOf, type IntervalJobs, type OnRun, type Place, type Side } from "./side.ts";

const QUEUE = "bench";
/** The cheapest: nothing of a run stays in the queue. */
const KEEP_NONE = { removeOnComplete: true, removeOnFail: true };
/** There is no call that adds many; so many are on their way at once. */
const CALLS = 200;

/** BullMQ's own Job Schedulers, queue and worker, with BullMQ's defaults. */
export class BareSide implements Side {
  readonly #place: Place;
  readonly #onRun: OnRun;
  readonly #queue: Queue;

  constructor(place: Place, onRun: OnRun) {
    this.#place = place;
    this.#onRun = onRun;
    this.#queue = new Queue(QUEUE, { connection: { url: place.connection } });
    this.#queue.on("error", (error) => console.error(error));
  }

  async start(): Promise<void> {
    await this.#queue.waitUntilReady();
    const { connection, concurrency, role } = this.#place;
    if (role === "schedules") return;
    const handle = async (job: Job): Promise<void> => this.#onRun(dueOf(job));
    const worker = new Worker(QUEUE, handle, { connection: { url: connection }, concurrency });
    worker.on("error", (error) => console.error(error));
    await worker.waitUntilReady();
  }

  async add(jobs: IntervalJobs): Promise<void> {
    const { name, count, everyMs: every } = jobs;
    const template = { name: "nothing", opts: KEEP_NONE };
    let next = 0;
    const addSome = async (): Promise<void> => {
      while (next < count) {
        const n = next++;
        const repeat = { every, startDate: firstDueOf(jobs, n) };
        await this.#queue.upsertJobScheduler(`${name}-${n}`, repeat, template);
      }
    };
    await Promise.all(Array.from({ length: Math.min(CALLS, count) }, addSome));
  }

  /** However long nothing worked, a Job Scheduler has one queue job waiting. */
  async addMissed(jobs: IntervalJobs): Promise<void> {
    await this.add({ ...jobs, firstAt: Date.now() });
  }
}

/** A Job Scheduler's job is called `repeat:<scheduler>:<when it is due>`. */
function dueOf({ id = "", timestamp }: Job): number {
  return Number(id.slice(id.lastIndexOf(":") + 1)) || timestamp;
}
