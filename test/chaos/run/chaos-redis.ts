import { Redis } from "ioredis";
import { type RedisServer, startRedis } from "../../../scripts/redis-server.ts";
import { type ChaosServer, LIMIT_MS, pass, type ServerProbe, silence } from "./chaos-server.ts";

/** The harness's own Redis. */
export class ChaosRedis implements ChaosServer {
  readonly #server: RedisServer;

  private constructor(server: RedisServer) {
    this.#server = server;
  }

  static async start(): Promise<ChaosServer> {
    const server = await startRedis({
      appendonly: true,
      // Ctrl-C in the terminal must not stop it before its clients.
      detached: true,
      // With `everysec`, Redis may answer up to 2 s before it writes to a busy disk: a kill would be a rollback.
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
    return this.#withClient(async (client) => {
      await client.ping();
      const { pid } = this.#server;
      process.kill(pid, "SIGSTOP");
      return silence(
        ms,
        () => client.ping(),
        () => void process.kill(pid, "SIGCONT"),
      );
    });
  }

  async sleep(ms: number): Promise<string | undefined> {
    return this.#withClient(async (client) => {
      const sleeping = client.call("DEBUG", "SLEEP", String(ms / 1_000));
      return silence(
        ms,
        () => client.ping(),
        () => sleeping,
      );
    });
  }

  async holdCalls(ms: number): Promise<string | undefined> {
    return this.#withClient(async (client) => {
      await client.call("CLIENT", "PAUSE", String(ms * 2), "WRITE");
      return silence(
        ms,
        () => this.#withClient((other) => other.set("chaos-held", "1")),
        () => client.call("CLIENT", "UNPAUSE"),
      );
    });
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

  async probe(): Promise<ServerProbe> {
    const client = connection(this.urlAt(this.port));
    await client.connect();
    return {
      // A write, so that a slow disk shows as well.
      ask: async () => void (await client.set("chaos-probe", "1")),
      close: () => client.disconnect(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // SIGTERM doesn't reach a stopped process.
    await this.#server.stop("SIGKILL");
    await this.#server.dispose();
  }

  async #withClient<T>(action: (client: Redis) => Promise<T>): Promise<T> {
    const client = connection(this.urlAt(this.port));
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

function connection(url: string): Redis {
  const client = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
  });
  client.on("error", () => undefined);
  return client;
}
