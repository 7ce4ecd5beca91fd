import { Redis } from "ioredis";
import { makeEngine } from "../../../src/engine/open-engine.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { systemClock } from "../../../src/index.ts";
import { type RedisServer, startRedis } from "../../../scripts/redis-server.ts";

/** The engines that the harness knows. */
export const ENGINES = ["redis"] as const;
/** One of {@link ENGINES}. */
export type EngineName = (typeof ENGINES)[number];

/** A server of the harness's own, and what can be done to it. Each fault returns what shows that it happened. */
export interface ChaosServer extends AsyncDisposable {
  readonly port: number;
  /** Its address through a port of the harness. */
  urlAt(port: number): string;
  /** Ends it without warning, and starts it again with what is on its disk. */
  restart(downMs: number): Promise<string | undefined>;
  /** The process does not run for so long. */
  freeze(ms: number): Promise<string | undefined>;
  /** It is busy for so long. */
  sleep(ms: number): Promise<string | undefined>;
  killConnections(): Promise<string | undefined>;
  /** Takes away what the queue library keeps, all of it or what is waiting. */
  deleteQueue(prefix: string, what: "all" | "waiting"): Promise<string | undefined>;
  /** The engine on it, past the proxy, for the last look. */
  openEngine(prefix: string): Promise<Engine>;
}

const LIMIT_MS = 15_000;
const ASK_AFTER_MS = 150;

export async function startChaosServer(engine: EngineName): Promise<ChaosServer> {
  switch (engine) {
    case "redis":
      return ChaosRedis.start();
  }
}

class ChaosRedis implements ChaosServer {
  readonly #server: RedisServer;

  private constructor(server: RedisServer) {
    this.#server = server;
  }

  static async start(): Promise<ChaosServer> {
    const server = await startRedis({
      appendonly: true,
      // Ctrl-C in the terminal must not end it before its clients.
      detached: true,
      // With `everysec` Redis answers up to 2 s before it writes while its disk is busy: a kill would be a rollback.
      config: ["--appendfsync", "always", "--enable-debug-command", "yes"],
    });
    return new ChaosRedis(server);
  }

  get port(): number {
    return this.#server.port;
  }

  urlAt(port: number): string {
    return `redis://127.0.0.1:${port}`;
  }

  async restart(downMs: number): Promise<string | undefined> {
    const { pid } = this.#server;
    const exit = await this.#server.stop("SIGKILL");
    await pass(downMs);
    await this.#server.restart();
    return exit.signal === "SIGKILL" && this.#server.pid !== pid
      ? `pid ${pid} became ${this.#server.pid}`
      : undefined;
  }

  async freeze(ms: number): Promise<string | undefined> {
    const { pid } = this.#server;
    return this.#silence(ms, async () => {
      process.kill(pid, "SIGSTOP");
      try {
        await pass(ms);
      } finally {
        process.kill(pid, "SIGCONT");
      }
    });
  }

  async sleep(ms: number): Promise<string | undefined> {
    return this.#silence(ms, () =>
      this.#withClient(async (client) => {
        await client.call("DEBUG", "SLEEP", String(ms / 1_000));
      }),
    );
  }

  async killConnections(): Promise<string | undefined> {
    return this.#withClient(async (client) => {
      const killed = Number(await client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"));
      return killed > 0 ? `${killed} connections` : undefined;
    });
  }

  async deleteQueue(prefix: string, what: "all" | "waiting"): Promise<string | undefined> {
    const queue = `{${prefix}:default}:runs:`;
    return this.#withClient(async (client) => {
      const keys =
        what === "all"
          ? await client.keys(`${queue}*`)
          : ["delayed", "wait", "prioritized", "marker"].map((name) => queue + name);
      const deleted = keys.length > 0 ? await client.del(...keys) : 0;
      return deleted > 0 ? `${deleted} keys` : undefined;
    });
  }

  async openEngine(prefix: string): Promise<Engine> {
    const silent = (): void => undefined;
    const engine = makeEngine({
      connection: this.urlAt(this.port),
      prefix,
      clock: systemClock,
      logger: { debug: silent, info: silent, warn: silent, error: silent },
      timeoutMs: LIMIT_MS,
    });
    await engine.open();
    return engine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // SIGTERM does not reach a process that is stopped.
    await this.#server.stop("SIGKILL");
    await this.#server.dispose();
  }

  /** Does something that silences the server, and asks it meanwhile: the answer must take about as long. */
  async #silence(ms: number, action: () => Promise<void>): Promise<string | undefined> {
    const answeredAfterMs = await this.#withClient(async (client) => {
      await client.ping();
      const acting = action();
      await pass(ASK_AFTER_MS);
      const from = performance.now();
      await client.ping();
      const waitedMs = performance.now() - from;
      await acting;
      return waitedMs;
    });
    return answeredAfterMs >= ms / 2
      ? `no answer for ${Math.round(answeredAfterMs)} ms`
      : undefined;
  }

  async #withClient<T>(action: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.urlAt(this.port), {
      lazyConnect: true,
      maxRetriesPerRequest: null,
      retryStrategy: () => 50,
    });
    client.on("error", () => undefined);
    const limit = setTimeout(() => client.disconnect(), LIMIT_MS);
    try {
      await client.connect();
      return await action(client);
    } finally {
      clearTimeout(limit);
      client.disconnect();
    }
  }
}

export function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
