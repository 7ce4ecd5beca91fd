import { Cluster, type Redis } from "ioredis";
import { CronduitError } from "../../core/errors.ts";
import type { LogLevel } from "../../core/log.ts";
import type { ServerFact } from "../port/engine.ts";
import type { RedisClient } from "./redis-client.ts";
import { infoField, readInfo, readSetting } from "./server-info.ts";

/** For `LPOS` and `ZRANGE … BYSCORE`; BullMQ itself needs 5. */
const MIN_VERSION = [6, 2] as const;
/** A server's default `hz`: how many times a second it checks its timers. */
const USUAL_HZ = 10;

/** Something about a server that its owner should know. */
export interface ServerNote {
  readonly level: Exclude<LogLevel, "error">;
  readonly message: string;
}

/** What the server says about itself. */
export interface ServerReport {
  readonly version: string;
  readonly notes: readonly ServerNote[];
  /** Keys that were evicted since the server's start, on all masters. */
  readonly evictedKeys: number;
}

/**
 * Checks that the server can be used, as far as the user's rights allow.
 * @throws {@link CronduitError} `UNSUPPORTED_SERVER` if it is too old; `INVALID_OPTION` if it needs another kind of connection.
 */
export async function checkServer(redis: RedisClient): Promise<ServerReport> {
  const nodes = redis instanceof Cluster ? redis.nodes("master") : [redis];
  const reports = await Promise.all(nodes.map((node) => checkNode(node, redis instanceof Cluster)));
  const notes = new Map<string, ServerNote>();
  for (const report of reports) for (const note of report.notes) notes.set(note.message, note);
  return {
    version: reports[0]?.version ?? "of an unknown version",
    notes: [...notes.values()],
    evictedKeys: reports.reduce((sum, { evictedKeys }) => sum + evictedKeys, 0),
  };
}

/** What there is to know of a server's settings, the good as well. */
export async function readFacts(redis: RedisClient): Promise<ServerFact[]> {
  const { notes } = await checkServer(redis);
  const [node] = redis instanceof Cluster ? redis.nodes("master") : [redis];
  const info = node && (await readInfo(node));
  const facts = notes.map(({ level, message }): ServerFact => {
    return { level: level === "warn" ? "warn" : "info", text: message };
  });
  if (info === undefined) return facts;
  if (infoField(info, "maxmemory_policy") === "noeviction")
    facts.push({ level: "good", text: "maxmemory-policy noeviction" });
  if (infoField(info, "aof_enabled") === "1") facts.push({ level: "good", text: "appendonly" });
  else if (!notes.some(({ message }) => message.includes("appendonly")))
    facts.push({
      level: "info",
      text: "Redis keeps snapshots only (appendonly is off): a crash loses what came since the last one. Set appendonly yes.",
    });
  return facts;
}

async function checkNode(node: Redis, isInCluster: boolean): Promise<ServerReport> {
  const info = (await readInfo(node)) ?? (await node.info());
  const version = infoField(info, "redis_version") ?? "0";
  refuseOld(version);
  if (!isInCluster) refuseOtherKinds(info);
  const notes = [
    ...noteEviction(info),
    ...(await notePersistence(node, info)),
    ...(await noteTimers(node)),
  ];
  return { version, notes, evictedKeys: Number(infoField(info, "evicted_keys") ?? 0) };
}

function refuseOld(version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > MIN_VERSION[0] || (major === MIN_VERSION[0] && minor >= MIN_VERSION[1])) return;
  throw new CronduitError(
    "UNSUPPORTED_SERVER",
    `Redis ${version} is too old; ${MIN_VERSION.join(".")} or newer is needed.`,
    { data: { version } },
  );
}

/** Refuses a server that answers now, but would reject or misdirect later commands. */
function refuseOtherKinds(info: string): void {
  const is = (name: string, value: string): boolean => infoField(info, name) === value;
  const better = is("redis_mode", "sentinel")
    ? "this is a Sentinel. Connect by { sentinels: [{ host, port }, …], name }"
    : is("cluster_enabled", "1")
      ? "this is a node of a Redis Cluster. Connect by { cluster: [{ host, port }, …] }"
      : is("role", "slave") && !is("slave_read_only", "0")
        ? "this is a replica, which takes no writes. Connect to its master, or by Sentinel"
        : undefined;
  if (better === undefined) return;
  throw new CronduitError("INVALID_OPTION", `connection: ${better}.`, {
    data: { path: "connection" },
  });
}

function noteEviction(info: string): ServerNote[] {
  const policy = infoField(info, "maxmemory_policy");
  if (policy === undefined || policy === "noeviction") return [];
  const remedy = "Set maxmemory-policy noeviction.";
  if (infoField(info, "maxmemory") === "0") {
    const message = `Redis evicts nothing as long as maxmemory is 0, but its maxmemory-policy is ${policy}. ${remedy}`;
    return [{ level: "info", message }];
  }
  // `volatile-…` can evict run locks and ledgers of removed jobs, which expire; `allkeys-…` can evict everything.
  const harm = policy.startsWith("volatile")
    ? "locks of running runs can vanish, and those runs are started twice"
    : "schedules, runs and history can vanish without a word";
  const message = `Redis evicts keys when its memory is full (maxmemory-policy ${policy}): ${harm}. ${remedy}`;
  return [{ level: "warn", message }];
}

async function notePersistence(node: Redis, info: string): Promise<ServerNote[]> {
  const isAofOff = infoField(info, "aof_enabled") === "0";
  if (isAofOff && (await readSetting(node, "save")) === "") {
    const message =
      "Redis keeps nothing on disk: a restart loses jobs and history. Set appendonly yes.";
    return [{ level: "warn", message }];
  }
  const failed = ["aof_last_write_status", "rdb_last_bgsave_status"].filter(
    (name) => infoField(info, name) === "err",
  );
  if (failed.length === 0) return [];
  const message = `Redis could not write to its disk (${failed.join(", ")}): a restart loses what came since, and writes may be refused.`;
  return [{ level: "warn", message }];
}

/** A command wakes an idle worker when something is due; slow timers delay the end of blocked event reads. */
async function noteTimers(node: Redis): Promise<ServerNote[]> {
  const hz = Number((await readSetting(node, "hz")) ?? USUAL_HZ);
  if (hz >= USUAL_HZ) return [];
  const message = `Redis looks at its timers ${hz} times a second (hz; usually ${USUAL_HZ}). Runs start in time all the same.`;
  return [{ level: "info", message }];
}
