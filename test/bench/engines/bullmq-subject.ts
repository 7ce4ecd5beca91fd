import {
  type BackendFactory,
  createPostgresBackend,
  createRedisBackend,
  type IQueueBackend,
  type Job,
  Queue,
  runMigrations,
  Worker,
} from "bullmq";
import { systemClock } from "../../../src/core/clock.ts";
import { openEmbedded } from "../../../src/engine/embedded/embedded-database.ts";
import type { Database } from "../../../src/engine/postgres/database.ts";
import { queueBackend } from "../../../src/engine/postgres/queue-backend.ts";
import { firstDueOf, type IntervalJobs, type OnRun, type Place, type Subject } from "./subject.ts";

const QUEUE = "bench";
/** As this package has it: nothing of a run stays in the queue. */
const KEEP_NONE = { removeOnComplete: true, removeOnFail: true };
/** Calls at once while jobs are prepared. */
const CALLS = 50;

type AnyQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend>;

interface Connection {
  readonly connection: object;
  readonly backend: BackendFactory;
  /** Inside this process; absent where there is a server. */
  readonly database: Database | undefined;
}

interface Connected {
  readonly queue: AnyQueue;
  readonly worker: Worker<unknown, unknown, string, IQueueBackend>;
  readonly database: Database | undefined;
}

/** BullMQ's own queue, worker and Job Schedulers. */
export class BullmqSubject implements Subject {
  readonly #place: Place;
  readonly #onRun: OnRun;
  #connected: Connected | undefined;

  constructor(place: Place, onRun: OnRun) {
    this.#place = place;
    this.#onRun = onRun;
  }

  async start(): Promise<void> {
    const { concurrency, prefix } = this.#place;
    const { connection, backend, database } = await this.#connect();
    const options = { connection, prefix };
    const queue: AnyQueue = new Queue(QUEUE, options, backend);
    const handle = async (job: Job): Promise<void> => this.#onRun(dueOf(job));
    const worker = new Worker<unknown, unknown, string, IQueueBackend>(
      QUEUE,
      handle,
      { ...options, concurrency },
      backend,
    );
    queue.on("error", (error) => console.error(error));
    worker.on("error", (error) => console.error(error));
    this.#connected = { queue, worker, database };
    await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  }

  async #connect(): Promise<Connection> {
    const { engine, connection: where, prefix } = this.#place;
    if (engine === "redis") {
      return { connection: { url: where }, backend: createRedisBackend, database: undefined };
    }
    if (engine === "postgres") {
      const connection = { connectionString: where, schema: prefix, migrate: true };
      // Its type is narrower than what a Queue takes: it wants its own kind of connection, which it is given.
      const backend = createPostgresBackend as unknown as BackendFactory;
      return { connection, backend, database: undefined };
    }
    const folder = where.replace("embedded://", "");
    const database = await openEmbedded(folder, prefix, systemClock);
    const client = await database.pool.connect();
    await runMigrations(client, prefix);
    client.release();
    return { connection: {}, backend: queueBackend(database.pool, prefix), database };
  }

  async addIntervals(jobs: IntervalJobs): Promise<void> {
    const { queue } = this.#ready();
    const add = (n: number): Promise<unknown> =>
      queue.upsertJobScheduler(
        `${jobs.name}-${n}`,
        { every: jobs.everyMs, startDate: firstDueOf(jobs, n) },
        { name: "nothing", opts: KEEP_NONE },
      );
    for (let at = 0; at < jobs.count; at += CALLS) {
      const calls = Array.from({ length: Math.min(CALLS, jobs.count - at) }, (_, i) => at + i);
      await Promise.all(calls.map(add));
    }
  }

  async removeIntervals({ name, count }: IntervalJobs): Promise<void> {
    const { queue } = this.#ready();
    for (let n = 0; n < count; n += 1) await queue.removeJobScheduler(`${name}-${n}`);
  }

  async holdRunsOfOne(count: number): Promise<void> {
    const { queue } = this.#ready();
    await queue.pause();
    const job = { name: "nothing", data: {}, opts: KEEP_NONE };
    await queue.addBulk(Array.from({ length: count }, () => job));
  }

  async release(): Promise<void> {
    await this.#ready().queue.resume();
  }

  async close(): Promise<void> {
    const { queue, worker, database } = this.#ready();
    await worker.close();
    await queue.close();
    await database?.close();
  }

  #ready(): Connected {
    if (!this.#connected) throw new Error("start it first");
    return this.#connected;
  }
}

/** A Job Scheduler's job is called `repeat:<scheduler>:<when it is due>`. */
function dueOf({ id, timestamp }: Job): number {
  return Number(/^repeat:.*:(\d+)$/.exec(id ?? "")?.[1] ?? timestamp);
}
