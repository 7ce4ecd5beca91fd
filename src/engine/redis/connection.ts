import { Cluster, type ClusterNode, type ClusterOptions, Redis, type RedisOptions } from "ioredis";
import { applyWorkarounds } from "./ioredis-workarounds.ts";
import type { RedisClient } from "./redis-client.ts";

/** A Redis Cluster: some of its nodes (ioredis finds the others), and ioredis' options. */
export interface RedisClusterOptions extends ClusterOptions {
  readonly cluster: readonly ClusterNode[];
}

/** Where Redis is: a URL, ioredis' options (for Sentinel too), or the nodes of a Cluster. */
export type RedisConnectionOptions = string | RedisOptions | RedisClusterOptions;

const CONNECT_TIMEOUT_MS = 5_000;
/** Longer than BullMQ's longest block of 10 s: after this a silently cut connection is noticed. */
const SOCKET_TIMEOUT_MS = 20_000;
const MAX_RECONNECT_DELAY_MS = 2_000;

function reconnectDelay(attempt: number): number {
  const delayMs = Math.min(50 * 2 ** Math.min(attempt, 10), MAX_RECONNECT_DELAY_MS);
  // Spread out, so that a fleet does not reconnect all at once.
  return delayMs * (0.5 + Math.random() / 2);
}

/** Opens a connection that reconnects by itself. */
export function connect(options: RedisConnectionOptions): RedisClient {
  return applyWorkarounds(open(options));
}

function open(options: RedisConnectionOptions): RedisClient {
  const own: RedisOptions = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    retryStrategy: reconnectDelay,
    lazyConnect: true,
  };
  const ofOneMaster: RedisOptions = {
    // A master became a replica: look the new one up, and send the command there.
    reconnectOnError: (error) => (error.message.includes("READONLY") ? 2 : false),
    // With Sentinel: leave a hanging master as soon as another is named, not only after the socket's timeout.
    failoverDetector: true,
  };
  // BullMQ requires `null`: its commands wait for the server instead of failing.
  const needed: RedisOptions = { maxRetriesPerRequest: null };
  if (typeof options === "string") {
    return new Redis(options, { ...own, ...ofOneMaster, ...needed });
  }
  if (!("cluster" in options)) return new Redis({ ...own, ...ofOneMaster, ...options, ...needed });
  const { cluster, redisOptions, ...rest } = options;
  const { retryStrategy: _, lazyConnect, ...ofNodes } = own;
  return new Cluster([...cluster], {
    clusterRetryStrategy: reconnectDelay,
    lazyConnect,
    ...rest,
    redisOptions: { ...ofNodes, ...redisOptions, ...needed },
  });
}

/** The server's answers to a wrong name or password; further tries would get the same. */
const NOT_LET_IN = /^(?:WRONGPASS|NOAUTH)/;

/** Resolves once the server answers, retrying if needed. Rejects if it refuses the credentials. */
export async function untilReady(client: RedisClient): Promise<void> {
  if (client.status === "ready") return;
  const ended = new AbortController();
  const ready = new Promise<void>((resolve, reject) => {
    const onReady = (): void => resolve();
    const onError = (error: Error): void => {
      if (NOT_LET_IN.test(error.message)) reject(error);
    };
    client.once("ready", onReady).on("error", onError);
    ended.signal.addEventListener("abort", () =>
      client.off("ready", onReady).off("error", onError),
    );
  });
  // A failed connection retries by itself, and reports why by its `error` event.
  if (client.status === "wait") client.connect().catch(() => undefined);
  await ready.finally(() => ended.abort());
}

/** Another connection like this one, for a command that blocks. */
export function duplicate(client: RedisClient): RedisClient {
  return client instanceof Cluster ? client.duplicate() : client.duplicate();
}

/** The server's address, for people; never contains a password. */
export function addressOf(client: RedisClient): string {
  if (client instanceof Cluster) {
    const nodes = client.nodes("master");
    return `a cluster of ${nodes.length} masters`;
  }
  const { host, port, sentinels, name } = client.options;
  return sentinels ? `Sentinel master ${name ?? ""}` : `${host ?? "127.0.0.1"}:${port ?? 6379}`;
}
