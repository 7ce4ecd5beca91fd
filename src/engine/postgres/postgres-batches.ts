import { type Clock, sleep } from "../../core/clock.ts";
import type { LockedJob, QueueBatches, TakenJobs, TakeOptions } from "../bullmq/queue-batches.ts";
import type { FunctionCaller } from "./functions.ts";

/** How long a statement that locks a queue job may take. */
const TOUCHED_MS = 20;
/** After this many looks another transaction holds it for longer, and the worker gets an error. */
const MOST_LOOKS = 50;

interface Answer {
  readonly jobs: readonly [id: string, pipeline: string, takes: number][];
  readonly untilNextMs: number;
  readonly isMore: boolean;
  readonly isLimited: boolean;
}

/** BullMQ's queue jobs, many per call of a function. */
export class PostgresBatches implements QueueBatches {
  readonly #functions: FunctionCaller;
  readonly #clock: Clock;
  /** Tokens of calls that were sent and have no answer yet. */
  readonly #unanswered = new Set<string>();

  constructor(functions: FunctionCaller, clock: Clock) {
    this.#functions = functions;
    this.#clock = clock;
  }

  async take({ taker, turn, lockMs, count, limit }: TakeOptions): Promise<TakenJobs> {
    const lock = `${taker}:${turn}`;
    const isAgain = this.#unanswered.has(lock);
    this.#unanswered.add(lock);
    const { jobs, ...rest } = (await this.#run("take_jobs", {
      token: lock,
      lockMs,
      count,
      isAgain,
      limit,
    })) as Answer;
    this.#unanswered.delete(lock);
    return { jobs: jobs.map(([id, pipeline, takes]) => ({ id, pipeline, takes })), lock, ...rest };
  }

  /** PostgreSQL signals everybody that listens. */
  async passOn(): Promise<void> {
    return undefined;
  }

  async end(jobs: readonly LockedJob[]): Promise<void> {
    let left = jobs.map(({ id, lock }) => [id, lock]);
    for (let looks = 1; left.length > 0; looks += 1) {
      left = (await this.#run("end_jobs", left)) as string[][];
      if (left.length === 0) return;
      if (looks === MOST_LOOKS) throw new Error(`${left.length} queue jobs are locked by another`);
      await sleep(this.#clock, TOUCHED_MS);
    }
  }

  async park({ id, lock }: LockedJob, delayMs: number): Promise<boolean> {
    const delay = Math.max(0, Math.ceil(delayMs));
    return (await this.#run("park_job", { id, token: lock, delayMs: delay })) === true;
  }

  async #run(name: "take_jobs" | "end_jobs" | "park_job", argument: unknown): Promise<unknown> {
    return JSON.parse((await this.#functions.run(name, argument)) ?? "null");
  }
}
