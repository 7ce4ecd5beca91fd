import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/** The demo's surroundings: its own folder, and where it keeps its state. Plain JSON. */
export interface Workspace {
  readonly folder: string;
  readonly kind: "redis" | "postgres" | "embedded";
  /** Your server, or an embedded database in the folder. */
  readonly connection: string;
  /** Prefix of all keys and schema names, unique to this demo. */
  readonly prefix: string;
  /** The start of the demo. */
  readonly begunAt: number;
}

/** Takes the server of `REDIS_URL` or `DATABASE_URL`; with neither, everything happens inside one process. */
export async function makeWorkspace(): Promise<Workspace> {
  const begunAt = Date.now();
  const folder = await mkdtemp(join(tmpdir(), "cronduit_demo_"));
  const common = { folder, prefix: basename(folder), begunAt };
  const { REDIS_URL: redis, DATABASE_URL: postgres } = process.env;
  if (redis) return { ...common, kind: "redis", connection: redis };
  if (postgres) return { ...common, kind: "postgres", connection: postgres };
  return { ...common, kind: "embedded", connection: `embedded://${join(folder, "state")}` };
}

/** Removes what the demo created and nothing else. Its processes call it if the demo was killed; calling it twice is harmless. */
export async function removeWorkspace({
  folder,
  kind,
  connection,
  prefix,
}: Workspace): Promise<void> {
  try {
    if (kind === "redis") await removeKeys(connection, prefix);
    if (kind === "postgres") await dropSchemas(connection, prefix);
  } finally {
    // A process that was just killed may still hold a file open, which matters on some systems.
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

// Loads a driver only where it is needed.

async function removeKeys(url: string, prefix: string): Promise<void> {
  const { Redis } = await import("ioredis");
  const redis = new Redis(url, { retryStrategy: () => null });
  redis.on("error", () => undefined);
  try {
    for await (const keys of redis.scanStream({ match: `{${prefix}:*`, count: 1_000 })) {
      const found = keys as string[];
      if (found.length > 0) await redis.unlink(...found);
    }
  } finally {
    redis.disconnect();
  }
}

async function dropSchemas(url: string, prefix: string): Promise<void> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const schema of [prefix, `${prefix}$queue`])
      await client.query(`DROP SCHEMA IF EXISTS ${client.escapeIdentifier(schema)} CASCADE`);
  } finally {
    await client.end();
  }
}
