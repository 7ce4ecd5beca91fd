// What engines keep of documents beside what the port tells.
import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { encodePutDocument } from "../../src/engine/codec/document-codec.ts";
import { schemasOf } from "../../src/engine/postgres/schema-name.ts";
import { ScriptRunner } from "../../src/engine/redis/scripts.ts";
import { TestEngine } from "../contract/test-engine.ts";

/** What a server keeps, as somebody sees who looks at it directly. */
interface Seen extends AsyncDisposable {
  /** The keys that stand anywhere. */
  keys(): Promise<string[]>;
  /** Sends a document as an engine does. */
  put(written: string): Promise<unknown>;
}

async function onRedis(prefix: string): Promise<Seen> {
  const redis = new Redis(inject("redisUrl"));
  const tag = `{${prefix}:default}:`;
  const scripts = new ScriptRunner(redis, `${tag}meta`, () => [tag, `${tag}runs:`, "", 200]);
  return {
    keys: async () => [
      ...(await redis.keys(`${tag}document:*`)).map((key) => key.slice(`${tag}document:`.length)),
      ...(await redis.zrange(`${tag}document-keys`, 0, -1)),
      ...(await redis.zrange(`${tag}document-expiry`, 0, -1)),
    ],
    put: async (document) => JSON.parse(String(await scripts.run("put_document", { document }))),
    [Symbol.asyncDispose]: async () => void (await redis.quit()),
  };
}

async function onPostgres(prefix: string): Promise<Seen> {
  const { own } = schemasOf(prefix);
  const pool = new pg.Pool({ connectionString: inject("postgresUrl") });
  const rows = async <R extends pg.QueryResultRow>(sql: string, params: unknown[] = []) =>
    (await pool.query<R>(sql, params)).rows;
  return {
    keys: async () =>
      (await rows<{ key: string }>(`SELECT key FROM "${own}".documents`)).map(({ key }) => key),
    put: async (document) => {
      const sql = `SELECT "${own}".put_document($1::jsonb, NULL, 0) AS answer`;
      return (await rows<{ answer: unknown }>(sql, [document]))[0]?.answer;
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

const SERVERS = [
  { name: "Redis", url: () => inject("redisUrl"), look: onRedis },
  { name: "PostgreSQL", url: () => inject("postgresUrl"), look: onPostgres },
];

test.each(SERVERS)("on $name nothing is left of one that expired", async ({ url, look }) => {
  const prefix = `documents-${randomUUID()}`;
  const b = new TestEngine(url(), prefix);
  await b.engine.open();
  await using seen = await look(prefix);
  const { documents } = b.engine;
  for (const key of ["a", "b", "c"])
    await documents.putIfRevision(key, key, "absent", { expiresAt: b.now + 1_000 });
  await documents.delete("c");
  expect(new Set(await seen.keys())).toEqual(new Set(["a", "b"]));
  b.now += 1_000;
  const page = { horizonMs: 0, offset: 0, limit: 1 };
  await b.engine.healing.audit({ ...page, overdueMs: 1e12, finishedRetentionMs: 1e12 });
  expect(await seen.keys()).toEqual([]);
  await b.engine.close();
});

test.each(SERVERS)(
  "on $name a call that is sent again finds what it stored itself, unless somebody changed that",
  async ({ url, look }) => {
    const prefix = `documents-${randomUUID()}`;
    const b = new TestEngine(url(), prefix);
    await b.engine.open();
    await using seen = await look(prefix);
    const written = JSON.stringify(encodePutDocument("a", 1, "absent"));
    const first = { o: "stored", revision: 1 };
    expect(await seen.put(written)).toEqual(first);
    expect(await seen.put(written)).toEqual(first);
    const change = JSON.stringify(encodePutDocument("a", 2, 1));
    const second = (await seen.put(change)) as { o: string; revision: number };
    expect(second.o).toBe("stored");
    expect(await seen.put(change)).toEqual(second);
    expect(await seen.put(written)).toMatchObject({ o: "conflict", document: { value: "2" } });
    await b.engine.close();
  },
);
