import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { makeEngine, placeOf } from "../../src/engine/open-engine.ts";
import { systemClock } from "../../src/core/clock.ts";
import { Pipeline, PipelineScheduler } from "../../src/index.ts";
import { backlog, ProcessFleet } from "../crash/fleet.ts";
import { silent } from "../helpers/silent.ts";
import { type PgBouncer, startPgBouncer } from "../helpers/pgbouncer.ts";
import { PostgresServer } from "../helpers/postgres-server.ts";
import { startProgram } from "../helpers/process.ts";

class Noop extends Pipeline {
  run(): unknown {
    return { success: true };
  }
}

// Roles and poolers are changed here: not those of other files.
let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
}, 120_000);
afterAll(() => server[Symbol.asyncDispose]());

async function sql(text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(server.url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const prefixOf = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`;

/** A scheduler with a worker that has a job every second. */
async function startOne(connection: string): Promise<PipelineScheduler> {
  const scheduler = new PipelineScheduler({
    connection,
    prefix: prefixOf("one"),
    pipelines: [Noop],
    logger: silent,
  });
  onTestFinished(() => scheduler.shutdown({ wait: false }));
  await scheduler.start();
  return scheduler;
}

async function runOnce(connection: string): Promise<string> {
  const scheduler = await startOne(connection);
  await scheduler.addJob(Noop, { id: "once", trigger: "interval", hours: 1 });
  const run = await scheduler.runJob("once", { wait: true });
  await scheduler.shutdown();
  return run.verdict;
}

describe("behind PgBouncer", () => {
  let bouncer: PgBouncer;
  beforeAll(async () => {
    bouncer = await startPgBouncer(server.url);
  });
  afterAll(() => bouncer[Symbol.asyncDispose]());

  test("with its stock settings jobs run", async () => {
    expect(await runOnce(bouncer.url)).toBe("succeeded");
  });

  test("a killed worker's run is taken up", { timeout: 120_000 }, async () => {
    await using fleet = await ProcessFleet.start(bouncer.url);
    const program = await fleet.program({ lockMs: 2_000 });
    await fleet.go(program);
    const { options, fireTimes } = backlog(1);
    await fleet.add("job", { ...options, params: { act: "hold" } });
    await fleet.until("attempt 1", () => fleet.lines("start", "job").length === 1);
    await fleet.kill(program);
    const heir = await fleet.worker({ lock: 2 });
    await fleet.decided("job", fireTimes);
    expect(await fleet.ledger("job")).toMatchObject([
      { verdict: "succeeded", attempt: 2, worker: heir.id },
    ]);
  });

  test.each(["transaction", "statement"])(
    "in %s mode it is refused by name, and nothing is left in others' sessions",
    async (mode) => {
      await using pooler = await startPgBouncer(server.url, { pool_mode: mode });
      await expect(startOne(pooler.url)).rejects.toMatchObject({
        code: "UNSUPPORTED_SERVER",
        message: expect.stringContaining("pool_mode = session") as string,
      });
      const client = new pg.Client(pooler.url);
      await client.connect();
      const { rows } = await client.query("SHOW search_path");
      expect(rows).toEqual([{ search_path: '"$user", public' }]);
      await client.end();
    },
  );
});

describe.each(["repeatable read", "serializable"])("a role whose transactions are %s", (level) => {
  test("starts many at once, and decides all", async () => {
    const role = prefixOf("role");
    await sql(`CREATE ROLE "${role}" LOGIN SUPERUSER;
      ALTER ROLE "${role}" SET default_transaction_isolation = '${level}'`);
    const url = new URL(server.url);
    url.username = role;
    const prefix = prefixOf("level");
    const schedulers = Array.from(
      { length: 6 },
      () =>
        new PipelineScheduler({ connection: url.href, prefix, pipelines: [Noop], logger: silent }),
    );
    onTestFinished(async () => {
      await Promise.all(schedulers.map((scheduler) => scheduler.shutdown({ wait: false })));
    });
    await Promise.all(schedulers.map((scheduler) => scheduler.start()));
    const ids = Array.from({ length: 20 }, (_, i) => `job-${i}`);
    await schedulers[0]?.addJobs(
      ids.map((id) => ({ pipeline: Noop, options: { id, trigger: "interval", hours: 1 } })),
    );
    const runs = await Promise.all(
      schedulers.flatMap((scheduler) => ids.map((id) => scheduler.runJob(id, { wait: true }))),
    );
    const verdicts = new Set(runs.map(({ verdict, reason }) => reason ?? verdict));
    expect([...verdicts].filter((each) => each !== "max-instances")).toEqual(["succeeded"]);
  });
});

test("a database that holds no UTF8 is refused, with what is needed", async () => {
  const name = prefixOf("latin").replaceAll("-", "_");
  await sql(
    `CREATE DATABASE ${name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
  );
  await expect(startOne(server.url.replace(/postgres$/, name))).rejects.toMatchObject({
    code: "UNSUPPORTED_SERVER",
    message: expect.stringMatching(/LATIN1.*UTF8/s) as string,
  });
});

describe("URLs of a socket", () => {
  test("the forms that pg takes name its folder, and jobs run there", async () => {
    const { socketFolder, port } = server;
    const folder = encodeURIComponent(socketFolder);
    const at = `host=${socketFolder}&port=${port}`;
    expect(await runOnce(`postgres://cronduit@/postgres?${at}`)).toBe("succeeded");
    for (const url of [
      `postgresql://cronduit:any@/postgres?${at}`,
      `postgres:///postgres?user=cronduit&${at}`,
      `postgres://cronduit@${folder}:${port}/postgres`,
    ]) {
      const engine = makeEngine({
        connection: url,
        prefix: prefixOf("socket"),
        clock: systemClock,
        logger: silent,
        timeoutMs: 10_000,
      });
      await engine.open();
      expect(engine.label).toContain(socketFolder);
      await engine.close();
    }
  });

  test("what can't be read is refused, without the password", () => {
    const place = (): unknown => placeOf("postgres://user:pass word@:x/db");
    expect(place).toThrow(/can't be read/);
    expect(place).not.toThrow(/pass word/);
  });
});

test("an application that reads numbers, texts and JSON by its own parsers changes nothing", async () => {
  const program = startProgram("test/engine/own-parsers-program.ts", { args: [server.url] });
  await program.waitFor((message) => JSON.stringify(message).includes("verdict"));
  expect(program.messages.at(-1)).toEqual({ verdict: "succeeded", jobs: 1 });
  await program.exited();
});
