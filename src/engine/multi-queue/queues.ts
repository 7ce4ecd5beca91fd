import { type Clock, within } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import { DEFAULT_QUEUE } from "../../jobs/queue.ts";
import type { Engine } from "../port/engine.ts";
import type { Claim, QueueEngine } from "../port/queue-engine.ts";

/** How long letting go of all queues may take when the server does not answer. */
const CLOSE_LIMIT_MS = 2_000;
/** How often a queue is brought in line with a fleet that is paused and resumed meanwhile. */
const MAX_ROUNDS = 20;

/** The queues of a fleet, each with its own engine; those beside the default one are connected when they are needed. */
export class Queues {
  /** The default queue. Knows the others, and where their jobs are. */
  readonly home: QueueEngine;
  readonly #opened = new Map<string, Promise<QueueEngine>>();
  readonly #joined = new Map<string, Promise<QueueEngine>>();
  readonly #clock: Clock;
  #isClosed = false;

  constructor(home: QueueEngine, clock: Clock) {
    this.home = home;
    this.#clock = clock;
  }

  /** The names of all queues but the default one, in a fixed order. */
  async names(): Promise<string[]> {
    return (await this.home.directory.queues()).toSorted();
  }

  /** The engine of a queue that is known in the fleet, connected. */
  async open(queue: string): Promise<QueueEngine> {
    if (queue === DEFAULT_QUEUE) return this.home;
    return once(this.#opened, queue, async () => {
      if (this.#isClosed) {
        throw new CronduitError("INVALID_STATE", `${this.home.label} was closed.`);
      }
      const engine = this.home.sibling(queue);
      try {
        await engine.open();
      } catch (error) {
        await engine.close();
        throw error;
      }
      return engine;
    });
  }

  /** The engine of a queue that may be new; from here on it belongs to the fleet. */
  async join(queue: string): Promise<QueueEngine> {
    if (queue === DEFAULT_QUEUE) return this.home;
    return once(this.#joined, queue, async () => {
      const engine = await this.open(queue);
      // Entered first: who pauses the fleet after that sees it, and who did so before is seen here.
      await this.home.directory.addQueue(queue);
      await this.#agreeOnPause(engine);
      return engine;
    });
  }

  /** All other queues, by name. */
  async others(): Promise<ReadonlyMap<string, QueueEngine>> {
    const names = await this.names();
    const engines = await Promise.all(names.map(async (name) => this.open(name)));
    return new Map(engines.map((engine, i) => [names[i] ?? "", engine]));
  }

  /** Which queue beside the default one says that it has this job. */
  async find(jobId: string): Promise<Claim | undefined> {
    const [claim] = await this.home.directory.find([jobId]);
    return claim;
  }

  /**
   * Asks the default queue, then the one that has the job: so a call about one job costs nothing more while there is no
   * other queue. The answer about a job that is nowhere is the default queue's.
   */
  async ofJob<T>(
    jobId: string,
    ask: (engine: Engine) => Promise<T>,
    isMissing: (answer: T) => boolean,
  ): Promise<T> {
    const answer = await ask(this.home);
    const claim = isMissing(answer) ? await this.find(jobId) : undefined;
    return claim ? ask(await this.open(claim.queue)) : answer;
  }

  /**
   * Asks the default queue and then all others, until one knows: for what removed jobs leave behind. If none does, the
   * answer is the default queue's.
   */
  async first<T>(ask: (engine: Engine) => Promise<T>, isKnown: (answer: T) => boolean): Promise<T> {
    const answer = await ask(this.home);
    if (isKnown(answer)) return answer;
    for (const engine of (await this.others()).values()) {
      const other = await ask(engine);
      if (isKnown(other)) return other;
    }
    return answer;
  }

  /** The default queue is what all others follow. */
  async setPaused(paused: boolean): Promise<void> {
    await this.home.queue.setPaused(paused);
    const others = await this.others();
    await Promise.all([...others.values()].map((engine) => this.#agreeOnPause(engine)));
  }

  /** Looks again after it wrote, so that if two write at once, the later one sees the final value. */
  async #agreeOnPause(engine: QueueEngine): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const paused = await this.home.queue.isPaused();
      await engine.queue.setPaused(paused);
      if ((await this.home.queue.isPaused()) === paused) return;
    }
  }

  async close(limitMs = CLOSE_LIMIT_MS): Promise<void> {
    this.#isClosed = true;
    // Half of the time each: the others use the connections of the default queue.
    const eachMs = limitMs / 2;
    const others = [...this.#opened.values()].map(async (opened) => (await opened).close(eachMs));
    if (others.length > 0) await within(this.#clock, eachMs, Promise.allSettled(others));
    await this.home.close(others.length > 0 ? eachMs : limitMs);
  }
}

/** What was begun before, if it did not fail. */
function once<T>(begun: Map<string, Promise<T>>, key: string, begin: () => Promise<T>): Promise<T> {
  const known = begun.get(key);
  if (known) return known;
  const fresh = begin();
  begun.set(key, fresh);
  fresh.catch(() => begun.delete(key));
  return fresh;
}
