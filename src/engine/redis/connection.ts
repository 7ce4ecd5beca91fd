import { Cluster, type ClusterNode, type ClusterOptions, Redis, type RedisOptions } from "ioredis";
import { CronduitError } from "../../core/errors.ts";
import type { RedisClient } from "./redis-client.ts";
import { mendSocketTimer } from "./socket-timer.ts";

/** A Redis Cluster: some of its nodes (the others are found), and ioredis' options. */
export interface RedisClusterOptions extends ClusterOptions {
  readonly cluster: readonly ClusterNode[];
}

/** Where Redis is: a URL, ioredis' options (for Sentinel too), or the nodes of a Cluster. */
export type RedisConnectionOptions = string | RedisOptions | RedisClusterOptions;

const CONNECT_TIMEOUT_MS = 5_000;
/** Above BullMQ's longest block of 10 s: a connection silently cut is noticed after this. */
const SOCKET_TIMEOUT_MS = 20_000;
const MAX_RECONNECT_DELAY_MS = 2_000;
/** `LPOS` and `ZRANGE … BYSCORE` are needed; BullMQ asks for 5 itself. */
const MIN_VERSION = [6, 2] as const;

function reconnectDelay(attempt: number): number {
  const delayMs = Math.min(50 * 2 ** Math.min(attempt, 10), MAX_RECONNECT_DELAY_MS);
  // Spread out, so that a fleet does not come back in one instant.
  return delayMs * (0.5 + Math.random() / 2);
}

/** Opens a connection that comes back by itself. */
export function connect(options: RedisConnectionOptions): RedisClient {
  return mendSocketTimer(open(options));
}

function open(options: RedisConnectionOptions): RedisClient {
  const own: RedisOptions = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    retryStrategy: reconnectDelay,
    lazyConnect: true,
  };
  // BullMQ asks for `null` here: its commands wait for the server instead of failing.
  const needed: RedisOptions = { maxRetriesPerRequest: null };
  if (typeof options === "string") return new Redis(options, { ...own, ...needed });
  if (!("cluster" in options)) return new Redis({ ...own, ...options, ...needed });
  const { cluster, redisOptions, ...rest } = options;
  const { retryStrategy: _, lazyConnect, ...ofNodes } = own;
  return new Cluster([...cluster], {
    clusterRetryStrategy: reconnectDelay,
    lazyConnect,
    ...rest,
    redisOptions: { ...ofNodes, ...redisOptions, ...needed },
  });
}

/** Resolves once the server answers; a first try that fails is followed by others. */
export async function untilReady(client: RedisClient): Promise<void> {
  if (client.status === "ready") return;
  const ready = new Promise<void>((resolve) => {
    client.once("ready", () => resolve());
  });
  // A connection that fails is tried again by itself; what it fails of is told by its `error` event.
  if (client.status === "wait") client.connect().catch(() => undefined);
  await ready;
}

/** Another connection like this one, for a command that blocks. */
export function duplicate(client: RedisClient): RedisClient {
  return client instanceof Cluster ? client.duplicate() : client.duplicate();
}

/** Where the server is, for people; never holds a password. */
export function addressOf(client: RedisClient): string {
  if (client instanceof Cluster) {
    const nodes = client.nodes("master");
    return `a cluster of ${nodes.length} masters`;
  }
  const { host, port, sentinels, name } = client.options;
  return sentinels ? `Sentinel master ${name ?? ""}` : `${host ?? "127.0.0.1"}:${port ?? 6379}`;
}

/** What the server says of itself. */
export interface ServerInfo {
  readonly version: string;
  readonly warnings: readonly string[];
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
}

/**
 * Checks that the server can be used.
 * @throws {@link CronduitError} `UNSUPPORTED_SERVER` if it is too old.
 */
export async function checkServer(redis: RedisClient): Promise<ServerInfo> {
  const info = await redis.info();
  const version = field(info, "redis_version") ?? "0";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < MIN_VERSION[0] || (major === MIN_VERSION[0] && minor < MIN_VERSION[1])) {
    throw new CronduitError(
      "UNSUPPORTED_SERVER",
      `Redis ${version} is too old; 6.2 or newer is needed.`,
      {
        data: { version },
      },
    );
  }
  const warnings: string[] = [];
  const policy = field(info, "maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction") {
    warnings.push(
      `Redis evicts keys (maxmemory-policy ${policy}): schedules can vanish. Set maxmemory-policy noeviction.`,
    );
  }
  if (field(info, "aof_enabled") === "0" && (await readSetting(redis, "save")) === "") {
    warnings.push(
      "Redis keeps nothing on disk: a restart loses jobs and history. Set appendonly yes.",
    );
  }
  return { version, warnings };
}

/** One of the server's settings; `undefined` where the user may not read them. */
async function readSetting(redis: RedisClient, name: string): Promise<string | undefined> {
  try {
    const reply = await redis.config("GET", name);
    return Array.isArray(reply) && typeof reply[1] === "string" ? reply[1] : undefined;
  } catch {
    return undefined;
  }
}
