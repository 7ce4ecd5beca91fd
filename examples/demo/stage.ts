import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/** Where the demo plays: a folder of its own, and the place where the state is kept. Plain JSON. */
export interface Stage {
  readonly folder: string;
  readonly kind: "redis" | "postgres" | "embedded";
  /** A server of yours, or a database inside the process, kept in the folder. */
  readonly connection: string;
  /** Begins all keys, and names the schemas. Nobody else has it. */
  readonly prefix: string;
  /** When the demo was begun. */
  readonly begunAt: number;
}

/** Takes the server of `REDIS_URL` or `DATABASE_URL`; with neither, everything happens inside of a process. */
export async function setStage(): Promise<Stage> {
  const begunAt = Date.now();
  const folder = await mkdtemp(join(tmpdir(), "cronduit_demo_"));
  const common = { folder, prefix: basename(folder), begunAt };
  const { REDIS_URL: redis, DATABASE_URL: postgres } = process.env;
  if (redis) return { ...common, kind: "redis", connection: redis };
  if (postgres) return { ...common, kind: "postgres", connection: postgres };
  return { ...common, kind: "embedded", connection: `embedded://${join(folder, "state")}` };
}

/** Removes what the demo made, and nothing else. Called by its processes if the demo was killed; twice is harmless. */
export async function clearStage({ folder, kind, connection, prefix }: Stage): Promise<void> {
  try {
    if (kind === "redis") await removeKeys(connection, prefix);
    if (kind === "postgres") await dropSchemas(connection, prefix);
  } finally {
    // A process that was just killed may still have a file open, where that counts.
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

// Each driver is loaded only where it is needed.

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
