import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { systemClock } from "../../../src/core/clock.ts";
import { makeEngine } from "../../../src/engine/open-engine.ts";
import type { Engine, JobPut } from "../../../src/engine/port/engine.ts";
import { aDefinition } from "../../helpers/a-definition.ts";
import { silent } from "../../helpers/silent.ts";
import { TESTER } from "../../helpers/tester.ts";

const PREFIX = "lists";
const CHUNK = 5_000;
/** How many of the jobs the smallest owner has; the others have 50 each. */
const TINY = 10;
const EACH = 50;
const DAY_MS = 86_400_000;

/** The jobs of {@link putListedJobs} on a Redis server. */
export class ListedFleet implements AsyncDisposable {
  readonly engine: Engine;
  readonly #redis: Redis;

  private constructor(engine: Engine, redis: Redis) {
    this.engine = engine;
    this.#redis = redis;
  }

  static async make(url: string, count: number): Promise<ListedFleet> {
    const engine = makeEngine({
      connection: url,
      prefix: PREFIX,
      clock: systemClock,
      logger: silent,
      timeoutMs: 60_000,
    });
    await engine.open();
    await putListedJobs(engine, count);
    return new ListedFleet(engine, new Redis(url));
  }

  /** As `getJobs` found jobs before: reads all in their order, by an offset, and filters them. */
  async scan(fits: (id: string) => boolean, limit: number, from: number): Promise<number> {
    let found = 0;
    for (let at = from; at < from + 20_000; at += 200) {
      const ids = await this.#redis.zrange(`{${PREFIX}:default}:next`, at, at + 199);
      for (const job of await this.engine.jobs.get(ids))
        if (job && fits(job.definition.owner ?? "")) found += 1;
      if (found >= limit || ids.length < 200) break;
    }
    return found;
  }

  /** Bytes that the lists take, as the server counts them. */
  async listBytes(): Promise<number> {
    const patterns = ["shelf:*", "shelves:*", "list-sizes"];
    let bytes = 0;
    for (const pattern of patterns)
      for (const key of await this.#redis.keys(`{${PREFIX}:default}:${pattern}`))
        bytes += Number(await this.#redis.memory("USAGE", key, "SAMPLES", 0));
    return bytes;
  }

  /** The longest that the server did nothing else since the last call of this, ms. */
  async longestCommandMs(): Promise<number> {
    const log = (await this.#redis.slowlog("GET", 1_000)) as [number, number, number][];
    await this.#redis.slowlog("RESET");
    await this.#redis.config("SET", "slowlog-log-slower-than", "100");
    return Math.max(0, ...log.map(([, , us]) => us)) / 1_000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.disconnect();
    await this.engine.close();
  }
}

/**
 * Stores jobs: each daily, with an owner and a description; every tenth has a tag, every fiftieth is paused.
 * @returns Their ids.
 */
export async function putListedJobs(
  engine: Pick<Engine, "jobs">,
  count: number,
): Promise<string[]> {
  const now = Date.now();
  const ids: string[] = [];
  for (let from = 0; from < count; from += CHUNK) {
    const length = Math.min(CHUNK, count - from);
    const puts = Array.from({ length }, (_, i) => putOf(from + i, now));
    await engine.jobs.put(puts);
    ids.push(...puts.map(({ definition }) => definition.id));
  }
  return ids;
}

function putOf(i: number, now: number): JobPut {
  const dueAt = now + DAY_MS + (i % 3) * 1_000;
  return {
    definition: aDefinition({
      id: randomUUID(),
      pipeline: `Report${i % 20}`,
      description: `Report of customer ${i} every day`,
      owner: i < TINY ? "tiny" : `team-${Math.floor(i / EACH)}`,
      tags: i % 10 === 0 ? ["billing"] : [],
      params: { region: "eu", customer: i },
    }),
    state: i % 50 === 7 ? "paused" : "active",
    watermark: now,
    upcoming: [
      { fireAt: dueAt, dueAt },
      { fireAt: dueAt + DAY_MS, dueAt: dueAt + DAY_MS },
    ],
    by: TESTER,
  };
}
