import { callbackify } from "node:util";
import type { RedisClient } from "./redis-client.ts";

/** Stands in for INFO where the user may run neither it nor HELLO: the oldest supported server. */
const OLDEST = "redis_version:6.2.0\r\n";
const EVICTION_LINE = /^maxmemory_policy:.*\r?\n/m;

type Callback = (error: Error | null, info: string) => void;

/**
 * Makes a client's `info()` answer what BullMQ and ioredis need, above all the version, even for a user who may not run INFO:
 * HELLO tells everybody the version. Leaves out the eviction policy, about which BullMQ would warn on the console;
 * {@link readInfo} reads it, and the engine warns through the logger.
 */
export function answerInfo(client: RedisClient): void {
  const answer = async (): Promise<string> => {
    const info = (await readInfo(client)) ?? (await infoOfHello(client));
    return info.replace(EVICTION_LINE, "");
  };
  Reflect.set(client, "info", (...args: unknown[]) => {
    const callback = args.find((arg): arg is Callback => typeof arg === "function");
    const answered = answer();
    if (callback) callbackify(() => answered)(callback);
    return answered;
  });
}

/** INFO in full; `undefined` if the user may not run it. */
export async function readInfo(client: RedisClient): Promise<string | undefined> {
  return String(await client.call("info").catch(noRight)) || undefined;
}

/** A setting of the server; `undefined` if the user may not read it. */
export async function readSetting(client: RedisClient, name: string): Promise<string | undefined> {
  const reply = await client.call("config", "GET", name).catch(noRight);
  return Array.isArray(reply) && typeof reply[1] === "string" ? reply[1] : undefined;
}

/** The value of a line of INFO. */
export function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
}

async function infoOfHello(client: RedisClient): Promise<string> {
  const reply = await client.call("hello").catch(noRight);
  if (!Array.isArray(reply)) return OLDEST;
  const told = new Map<string, unknown>();
  for (let i = 0; i + 1 < reply.length; i += 2) told.set(String(reply[i]), reply[i + 1]);
  const role = told.get("role") === "replica" ? "slave" : told.get("role");
  return `redis_version:${String(told.get("version"))}\r\nrole:${String(role)}\r\n`;
}

/** Hosted servers remove commands by an ACL, or by renaming them. */
function noRight(error: unknown): "" {
  if (error instanceof Error && /^NOPERM|unknown command/i.test(error.message)) return "";
  throw error;
}
