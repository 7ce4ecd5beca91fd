import { Redis } from "ioredis";
import { freePort, type RedisOptions, type RedisServer, startRedis } from "./redis-server.ts";

const SLOTS = 16_384;
const POLL_MS = 20;
const LIMIT_MS = 30_000;

/** A real cluster of masters on this machine. */
export interface RedisCluster extends AsyncDisposable {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly servers: readonly RedisServer[];
}

/** Starts `masters` servers, gives each its share of the slots, and waits until all agree. */
export async function startRedisCluster(
  masters = 3,
  options: Pick<RedisOptions, "appendonly"> = {},
): Promise<RedisCluster> {
  const servers: RedisServer[] = [];
  const busPorts: number[] = [];
  for (let i = 0; i < masters; i += 1) {
    // Its default, 10,000 above the other port, may be taken, or be no port at all.
    const busPort = await freePort();
    const settings = `--cluster-enabled yes --cluster-node-timeout 2000 --cluster-port ${busPort}`;
    servers.push(await startRedis({ ...options, config: settings.split(" ") }));
    busPorts.push(busPort);
  }
  const clients = servers.map(({ url }) => new Redis(url));
  const [first] = servers;
  const share = Math.ceil(SLOTS / masters);
  for (const [i, client] of clients.entries()) {
    const last = Math.min((i + 1) * share, SLOTS) - 1;
    await client.call("CLUSTER", "ADDSLOTSRANGE", String(i * share), String(last));
    const meet = ["CLUSTER", "MEET", "127.0.0.1"] as const;
    if (i > 0 && first) await client.call(...meet, String(first.port), String(busPorts[0]));
  }
  for (const client of clients) await untilAgreed(client, masters);
  for (const client of clients) client.disconnect();
  return {
    servers,
    nodes: servers.map(({ port }) => ({ host: "127.0.0.1", port })),
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) await server.dispose();
    },
  };
}

async function untilAgreed(client: Redis, masters: number): Promise<void> {
  for (const until = Date.now() + LIMIT_MS; Date.now() < until;) {
    const info = String(await client.call("CLUSTER", "INFO"));
    if (info.includes("cluster_state:ok") && info.includes(`cluster_size:${masters}`)) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`the cluster did not form within ${LIMIT_MS} ms`);
}

/** The keys of all its nodes. */
export async function allKeys({ nodes }: RedisCluster): Promise<string[]> {
  const keys: string[] = [];
  for (const node of nodes) {
    const client = new Redis(node);
    keys.push(...(await client.keys("*")));
    client.disconnect();
  }
  return keys;
}
