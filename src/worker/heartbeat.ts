import { hostname } from "node:os";
import { type Clock, type EpochMs, sleep } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { Engine, WorkerRecord } from "../engine/port/engine.ts";
import type { PipelineRegistry } from "../pipeline/registry.ts";
import type { ServerClock } from "./server-clock.ts";

const EVERY_MS = 5_000;
const TTL_MS = 20_000;
/** A heartbeat names at most this many runs. */
export const MAX_NAMED_RUNS = 100;

/** What a heartbeat is made with. */
export interface HeartbeatParts {
  readonly id: string;
  readonly engine: Pick<Engine, "members">;
  readonly registry: PipelineRegistry;
  readonly queues: readonly string[];
  readonly concurrency: number;
  readonly limit: WorkerRecord["rateLimit"];
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly logger: Logger;
  readonly running: () => readonly string[];
}

/** Reports every few seconds that a worker is alive, and learns what the other workers can run. */
export class Heartbeat {
  readonly #parts: HeartbeatParts;
  readonly #ended = new AbortController();
  #startedAt: EpochMs = 0;
  #known: ReadonlySet<string> = new Set();

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  /** Sends the first beat; the others follow by themselves. */
  async start(startedAt: EpochMs): Promise<void> {
    this.#startedAt = startedAt;
    await this.#beat();
    void this.#goOn();
  }

  stop(): void {
    this.#ended.abort();
  }

  /** Whether some live worker could run this pipeline when we last looked. */
  isKnownInFleet(pipeline: string): boolean {
    return this.#known.has(pipeline);
  }

  async #goOn(): Promise<void> {
    const { clock, logger } = this.#parts;
    const { signal } = this.#ended;
    for (;;) {
      await sleep(clock, EVERY_MS, signal, "upkeep");
      if (signal.aborted) return;
      try {
        await this.#beat();
      } catch (error) {
        logger.warn("heartbeat failed", { error });
      }
    }
  }

  async #beat(): Promise<void> {
    const { id, engine, registry, queues, concurrency, limit, serverClock, running } = this.#parts;
    await engine.members.heartbeat(
      {
        id,
        host: hostname(),
        pid: process.pid,
        pipelines: registry.names(),
        queues,
        concurrency,
        ...(limit && { rateLimit: limit }),
        running: running().slice(0, MAX_NAMED_RUNS),
        startedAt: this.#startedAt,
        seenAt: serverClock.now(),
        clockSkewMs: serverClock.skewMs,
      },
      TTL_MS,
    );
    const workers = await engine.members.list();
    this.#known = new Set(workers.flatMap(({ pipelines }) => pipelines));
  }
}
