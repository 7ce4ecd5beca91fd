import { Redis } from "ioredis";
import { type RedisServer, startRedis } from "../../helpers/redis-server.ts";

/** What a Redis server says of itself. */
export interface Reading {
  /** Of processor time since its start, its own and the kernel's for it. */
  readonly cpuUs: number;
  /** Since its start; those that scripts call count, too. */
  readonly commands: number;
  /** Calls of scripts. */
  readonly scripts: number;
  /** How often it read from a connection: several commands that travel together are read at once. */
  readonly reads: number;
  readonly memoryBytes: number;
}

/** A server of the bench's own: default settings, nothing written to the disk. */
export class MeasuredRedis implements AsyncDisposable {
  readonly #server: RedisServer;
  readonly #client: Redis;

  private constructor(server: RedisServer, client: Redis) {
    this.#server = server;
    this.#client = client;
  }

  static async start(): Promise<MeasuredRedis> {
    const server = await startRedis();
    const client = new Redis(server.url, { lazyConnect: true });
    client.on("error", (error) => console.error(error));
    await client.connect();
    return new MeasuredRedis(server, client);
  }

  get url(): string {
    return this.#server.url;
  }

  async clear(): Promise<void> {
    await this.#client.flushall();
  }

  async read(): Promise<Reading> {
    return parseInfo(await this.#client.info("everything"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.disconnect();
    await this.#server.dispose();
  }
}

/** @param text - The answer to `INFO everything`. */
export function parseInfo(text: string): Reading {
  const fields = new Map(
    text.split("\r\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  const scripts = [...fields]
    .filter(([name]) => /^cmdstat_(?:eval|evalsha|fcall)(?:_ro)?$/.test(name))
    .map(([, value]) => Number(/^calls=(\d+)/.exec(value)?.[1] ?? 0));
  return {
    cpuUs: Math.round((number("used_cpu_user") + number("used_cpu_sys")) * 1e6),
    commands: number("total_commands_processed"),
    scripts: scripts.reduce((sum, calls) => sum + calls, 0),
    reads: number("total_reads_processed"),
    memoryBytes: number("used_memory"),
  };
}
