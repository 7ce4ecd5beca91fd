import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { describe, expect, inject, test } from "vitest";
import { schemasOf } from "../../src/engine/postgres/schema-name.ts";
import { EVENT_ALL } from "../../src/index.ts";
import { eventually, TestScheduler } from "../worker/test-scheduler.ts";

const BROKEN = '{"id": [secret]}';

/** What somebody else did to what is stored. */
interface Damage extends AsyncDisposable {
  /** Makes a row, an event, a step and a line of the log unreadable, and puts others beside good ones. */
  runs(jobId: string, runId: string): Promise<void>;
  definition(jobId: string): Promise<void>;
}

async function onRedis(prefix: string): Promise<Damage> {
  const redis = new Redis(inject("redisUrl"));
  const key = (name: string): string => `{${prefix}:default}:${name}`;
  expect(await redis.exists(key("defs"))).toBe(1);
  return {
    async runs(jobId, runId) {
      const [good = "", at = "0"] = await redis.zrange(
        key(`ledger:${jobId}`),
        -1,
        -1,
        "WITHSCORES",
      );
      const row = JSON.parse(good) as object;
      await redis.zrem(key(`ledger:${jobId}`), good);
      await redis.zadd(
        key(`ledger:${jobId}`),
        at,
        JSON.stringify({ ...row, result: BROKEN, error: "null" }),
      );
      await redis.zadd(
        key(`ledger:${jobId}`),
        Number(at) - 5,
        BROKEN,
        Number(at) + 5,
        BROKEN.slice(1),
      );
      await redis.hset(key(`job:${jobId}`), "lr", BROKEN);
      await redis.hset(key(`steps:${runId}`), "broken", BROKEN);
      await redis.rpush(key(`logs:${runId}`), BROKEN);
      await redis.hset(key("workers"), "broken", BROKEN);
      const event = { name: "JOB_EXECUTED", at: Number(at), jobId, runId };
      for (const entry of [
        BROKEN,
        "null",
        "[null]",
        JSON.stringify([{ ...event, result: BROKEN, error: "null" }]),
      ])
        await redis.xadd(key("events"), "*", "e", entry);
    },
    async definition(jobId) {
      await redis.hset(key("defs"), jobId, BROKEN);
    },
    async [Symbol.asyncDispose]() {
      await redis.quit();
    },
  };
}

async function onPostgres(prefix: string): Promise<Damage> {
  const client = new pg.Client(inject("postgresUrl"));
  await client.connect();
  await client.query(`SET search_path TO "${schemasOf(prefix).own}"`);
  return {
    async runs(jobId, runId) {
      await client.query("UPDATE steps SET record = $2 WHERE run_id = $1 AND name = 'second'", [
        runId,
        BROKEN,
      ]);
      await client.query("UPDATE logs SET line = $2 WHERE run_id = $1 AND line LIKE '%second%'", [
        runId,
        BROKEN,
      ]);
      const event = { name: "JOB_EXECUTED", at: 1, jobId, runId };
      for (const entry of [
        BROKEN,
        "null",
        "[null]",
        JSON.stringify([{ ...event, result: BROKEN, error: "null" }]),
      ])
        await client.query(
          "WITH next AS (UPDATE event_log SET last_id = last_id + 1 RETURNING last_id) INSERT INTO events SELECT last_id, $1 FROM next",
          [entry],
        );
    },
    async definition(jobId) {
      await client.query("UPDATE jobs SET definition = $2 WHERE id = $1", [jobId, BROKEN]);
    },
    async [Symbol.asyncDispose]() {
      await client.end();
    },
  };
}

describe.each([
  { engine: "redis", connection: () => inject("redisUrl"), damaged: onRedis },
  { engine: "postgres", connection: () => inject("postgresUrl"), damaged: onPostgres },
])("on $engine", ({ connection, damaged }) => {
  test(
    "what can't be read is left out and told, and the rest goes on",
    { timeout: 60_000 },
    async () => {
      const prefix = `unreadable-${randomUUID().slice(0, 8)}`;
      await using fleet = await TestScheduler.open(connection(), { prefix });
      const { scheduler } = fleet;
      const heard: string[] = [];
      scheduler.addListener((event) => void heard.push(event.name), EVENT_ALL, { name: "durable" });
      const first = await fleet.run(async ({ step, log, previous }) => {
        for (const name of ["first", "second"]) {
          log.info(`${name} line`);
          await step(name, () => name);
        }
        return { rows: 3, previous: previous?.verdict };
      });
      const { jobId } = first;
      await fleet.story(jobId, "JOB_EXECUTED");
      await eventually("the durable listener", () => heard.includes("JOB_EXECUTED"));
      const lost = await fleet.job(() => "lost");
      await using damage = await damaged(prefix);
      await damage.runs(jobId, first.id);
      await damage.definition(lost);

      const other = await fleet.run(() => "other");
      expect(other.verdict).toBe("succeeded");
      await fleet.story(other.jobId, "JOB_EXECUTED");
      await eventually(
        "the durable listener",
        () => heard.filter((name) => name === "JOB_EXECUTED").length >= 3,
      );

      const again = await scheduler.getRun(
        await scheduler.runJob(jobId, { wait: "30s" }).then(({ id }) => id),
      );
      expect(again.verdict).toBe("succeeded");
      const { runs } = await scheduler.getRuns(jobId);
      expect(runs.map(({ id }) => id).toSorted()).toEqual([first.id, again.id].toSorted());
      expect((await scheduler.getRuns(jobId, { limit: 1 })).runs).toHaveLength(1);
      expect((await scheduler.explain(jobId, first.fireTime)).state).toBe("succeeded");
      expect((await scheduler.getSteps(first.id)).map(({ name }) => name)).toContain("first");
      expect(await fleet.lines(first.id)).toContain("info first line");
      const { jobs } = await scheduler.getJobs();
      expect(jobs.map(({ id }) => id).toSorted()).toEqual([jobId, other.jobId].toSorted());
      expect(await scheduler.getJob(lost)).toBeUndefined();
      expect(await scheduler.getWorkers()).toHaveLength(1);

      let exported = "";
      for await (const line of scheduler.exportState({ resume: true })) exported += line;
      const kinds = exported
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { kind?: string }).kind);
      expect(kinds.filter((kind) => kind === "job")).toHaveLength(2);
      expect(kinds.at(-1)).toBe("end");
      expect(kinds.filter((kind) => kind === "ledger")).toHaveLength(3);

      const told = fleet.logged
        .filter(({ level }) => level === "warn")
        .map(({ fields }) => String((fields?.["error"] as { code?: unknown })?.code));
      expect(told).toContain("UNREADABLE_RECORD");
    },
  );
});
