import { Redis } from "ioredis";
import { type RedisOptions, type RedisServer, startRedis } from "./redis-server.ts";

const NAME = "main";
const POLL_MS = 20;
const LIMIT_MS = 30_000;

/** A master, a replica of it, and three Sentinels that watch them, on this machine. */
export interface SentinelGroup extends AsyncDisposable {
  /** The two servers of data; the first is the master at the start. */
  readonly servers: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];
  /** What ioredis takes. */
  readonly connection: {
    readonly name: string;
    readonly sentinels: { readonly host: string; readonly port: number }[];
  };
  /** The port of whom the Sentinels hold to be the master. */
  master(): Promise<number>;
  /** Whether this server follows a master, and is in step with it. */
  follows(server: RedisServer): Promise<boolean>;
}

/** Starts the servers, and waits until two are in step and each Sentinel knows of all the others. */
export async function startSentinels(
  options: Pick<RedisOptions, "appendonly"> = {},
): Promise<SentinelGroup> {
  const master = await startRedis(options);
  const replica = await startRedis({
    ...options,
    config: ["--replicaof", "127.0.0.1", String(master.port)],
  });
  const sentinels: RedisServer[] = [];
  for (let i = 0; i < 3; i += 1) {
    const sentinel = [
      `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 2`,
      `sentinel down-after-milliseconds ${NAME} 1000`,
      `sentinel failover-timeout ${NAME} 5000`,
    ];
    sentinels.push(await startRedis({ sentinel }));
  }
  const addresses = sentinels.map(({ port }) => ({ host: "127.0.0.1", port }));
  const follows = async ({ port }: RedisServer): Promise<boolean> =>
    String(await ask(port, ["info", "replication"])).includes("master_link_status:up");
  await until(() => follows(replica));
  for (const { port } of sentinels) {
    await until(async () => {
      const state = String(await ask(port, ["info", "sentinel"]));
      return /slaves=1,sentinels=3/.test(state);
    });
  }
  return {
    servers: [master, replica],
    sentinels,
    connection: { name: NAME, sentinels: addresses },
    async master() {
      for (const { port } of sentinels) {
        const reply = await ask(port, ["sentinel", "get-master-addr-by-name", NAME]).catch(
          () => undefined,
        );
        if (Array.isArray(reply)) return Number(reply[1]);
      }
      throw new Error("no Sentinel answers");
    },
    follows,
    async [Symbol.asyncDispose]() {
      for (const server of [...sentinels, replica, master]) await server.dispose();
    },
  };
}

async function ask(port: number, [command, ...args]: readonly [string, ...string[]]) {
  const client = new Redis({ port, lazyConnect: true, retryStrategy: null, connectTimeout: 1_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + LIMIT_MS; Date.now() < end;) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`the Sentinels did not agree within ${LIMIT_MS} ms`);
}
