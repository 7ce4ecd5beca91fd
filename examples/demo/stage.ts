import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Redis } from "ioredis";
import { startRedis } from "../../scripts/redis-server.ts";

/** Where the demo plays: a folder of its own, and a Redis server that is its own or yours. Plain JSON. */
export interface Stage {
  readonly folder: string;
  readonly url: string;
  /** Begins all keys. */
  readonly prefix: string;
  /** The process of the private server; `undefined` if `REDIS_URL` names one. */
  readonly serverPid: number | undefined;
}

/** Takes the server of `REDIS_URL`, or starts a private one. */
export async function setStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "cronduit-demo-"));
  const prefix = basename(folder);
  const given = process.env["REDIS_URL"];
  if (given) return { folder, prefix, url: given, serverPid: undefined };
  try {
    const { url, pid } = await startRedis({ dir: folder, detached: true, appendonly: true });
    return { folder, prefix, url, serverPid: pid };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Removes what the demo made. Called by a worker if the demo itself was killed; twice is harmless. */
export async function clearStage({ folder, url, prefix, serverPid }: Stage): Promise<void> {
  await (serverPid === undefined ? removeKeys(url, prefix) : endProcess(serverPid));
  await rm(folder, { recursive: true, force: true });
}

async function removeKeys(url: string, prefix: string): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => null });
  redis.on("error", () => undefined);
  for await (const keys of redis.scanStream({ match: `{${prefix}:*`, count: 1_000 })) {
    const found = keys as string[];
    if (found.length > 0) await redis.unlink(...found);
  }
  redis.disconnect();
}

async function endProcess(pid: number): Promise<void> {
  for (let tries = 0; isAlive(pid) && tries < 100; tries += 1) {
    if (tries === 0) process.kill(pid, "SIGTERM");
    await wait(50);
  }
  if (isAlive(pid)) process.kill(pid, "SIGKILL");
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
