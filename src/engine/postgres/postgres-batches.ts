import { type Clock, sleep } from "../../core/clock.ts";
import type { LockedJob, QueueBatches, TakenJobs, TakeOptions } from "../bullmq/queue-batches.ts";
import type { FunctionCaller } from "./functions.ts";

/** How long a statement that touches a queue job may take. */
const TOUCHED_MS = 20;
/** After so many looks somebody holds it for longer, and the worker is told. */
const MOST_LOOKS = 50;

interface Answer {
  readonly jobs: readonly [id: string, name: string, takes: number][];
  readonly untilNextMs: number;
  readonly isMore: boolean;
}

/** BullMQ's queue jobs, many in one call of a function. */
export class PostgresBatches implements QueueBatches {
  readonly #functions: FunctionCaller;
  readonly #clock: Clock;
  /** Tokens of calls that were sent and not answered. */
  readonly #unanswered = new Set<string>();

  constructor(functions: FunctionCaller, clock: Clock) {
    this.#functions = functions;
    this.#clock = clock;
  }

  async take({ taker, turn, lockMs, count }: TakeOptions): Promise<TakenJobs> {
    const token = `${taker}:${turn}`;
    const isAgain = this.#unanswered.has(token);
    this.#unanswered.add(token);
    const { jobs, ...rest } = (await this.#run("take_jobs", {
      token,
      lockMs,
      count,
      isAgain,
    })) as Answer;
    this.#unanswered.delete(token);
    return { jobs: jobs.map(([id, name, takes]) => ({ id, name, takes })), token, ...rest };
  }

  /** PostgreSQL tells all that listen. */
  async passOn(): Promise<void> {
    return undefined;
  }

  async end(jobs: readonly LockedJob[]): Promise<void> {
    let left = jobs.map(({ id, token }) => [id, token]);
    for (let looks = 1; left.length > 0; looks += 1) {
      left = (await this.#run("end_jobs", left)) as string[][];
      if (left.length === 0) return;
      if (looks === MOST_LOOKS) throw new Error(`${left.length} queue jobs are locked by another`);
      await sleep(this.#clock, TOUCHED_MS);
    }
  }

  async park({ id, token }: LockedJob, delayMs: number): Promise<boolean> {
    const delay = Math.max(0, Math.ceil(delayMs));
    return (await this.#run("park_job", { id, token, delayMs: delay })) === true;
  }

  async #run(name: "take_jobs" | "end_jobs" | "park_job", argument: unknown): Promise<unknown> {
    return JSON.parse((await this.#functions.run(name, argument)) ?? "null");
  }
}
