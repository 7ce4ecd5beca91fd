import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import pg from "pg";
import { describe, expect, inject, test } from "vitest";
import {
  COMMON_ARGUMENTS,
  FUNCTION_ARGUMENT,
  functionsSql,
} from "../../src/engine/postgres/functions.ts";
import { schemasOf } from "../../src/engine/postgres/schema-name.ts";
import { toJson } from "../../src/engine/codec/stored-json.ts";
import { at, TestEngine } from "../contract/test-engine.ts";
import { PostgresServer } from "../helpers/postgres-server.ts";

async function withClient<T>(url: string, action: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await action(client);
  } finally {
    await client.end();
  }
}

describe("migrations", () => {
  test("many processes may start at once on an empty database", async () => {
    const prefix = `Many-${randomUUID().slice(0, 8)}`;
    const benches = Array.from({ length: 8 }, () => new TestEngine(inject("postgresUrl"), prefix));
    await Promise.all(benches.map(({ engine }) => engine.open()));
    await Promise.all(benches.map((bench) => bench.addJob()));
    expect(await benches[0]?.engine.jobs.count()).toBe(8);
    await Promise.all(benches.map(({ engine }) => engine.close()));
  }, 60_000);

  test("a schema that a newer version wrote is refused, and other functions are replaced", async () => {
    const url = inject("postgresUrl");
    const prefix = `Newer-${randomUUID().slice(0, 8)}`;
    const { own } = schemasOf(prefix);
    const open = async (): Promise<void> => {
      const bench = new TestEngine(url, prefix);
      try {
        await bench.engine.open();
        await bench.addJob();
      } finally {
        await bench.engine.close();
      }
    };
    await open();
    await withClient(url, async (client) => {
      await client.query(`UPDATE "${own}".migrations SET functions = 'others'`);
      await client.query(`DROP FUNCTION "${own}".put_jobs`);
    });
    await open();
    await withClient(url, (client) =>
      client.query(`INSERT INTO "${own}".migrations VALUES (99, 'later', 'x')`),
    );
    await expect(open()).rejects.toMatchObject({ code: "UNSUPPORTED_SERVER" });
  }, 60_000);
});

describe("connections", () => {
  test("calls, readers and workers go on when every connection is cut, and when the server is killed", async () => {
    await using server = await PostgresServer.start();
    const bench = new TestEngine(server.url, "cut");
    await bench.engine.open();
    const taken: string[] = [];
    const consumer = bench.engine.queue.consume({
      concurrency: 2,
      lockMs: 15_000,
      stalledCheckMs: 5_000,
      onError: () => undefined,
      handle: async ({ id }) => {
        taken.push(id);
        return "done";
      },
    });
    const round = async (n: number): Promise<void> => {
      const cursor = await bench.engine.events.latestCursor();
      const waiting = bench.engine.events.read("r", cursor, 20_000);
      const job = await bench.addJob();
      expect((await waiting).events[0]?.event.jobId).toBe(job.id);
      bench.now += 1_000;
      const { runId } = await bench.run(job, bench.now);
      await bench.engine.queue.add([{ id: `job:${n}:1`, pipeline: "P", dueAt: Date.now() }]);
      await expect.poll(() => taken, { timeout: 30_000 }).toContain(`job:${n}:1`);
      expect((await bench.settle(job, runId)).outcome).toBe("settled");
    };
    await round(1);
    await withClient(server.url, (client) =>
      client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL",
      ),
    );
    await round(2);
    await server.stop("SIGQUIT");
    const during = bench.addJob();
    await server.launch();
    await during;
    await round(3);
    await consumer.stop();
    await bench.engine.close();
  }, 120_000);

  test("a server that is not there is told within bounded time, as CONNECTION_FAILED", async () => {
    const bench = new TestEngine("postgres://nobody:secret@127.0.0.1:1/none", "none");
    const health = await bench.engine.health();
    expect(health.ok).toBe(false);
    expect(health.problem).not.toContain("secret");
    await bench.engine.close();
  }, 60_000);
});

describe("names", () => {
  test("two prefixes never share a schema, and every schema is a name that PostgreSQL takes", () => {
    const prefixes = ["cronduit", "a.b", "a-b", "a_b", "1a", "pg_x", "public", "x".repeat(64)];
    const more = ["x".repeat(63), "information_schema", "c_1a", "PUBLIC", "_"];
    const schemas = [...prefixes, ...more].map((prefix) => schemasOf(prefix).own);
    expect(new Set(schemas).size).toBe(schemas.length);
    expect(schemasOf("cronduit").own).toBe("cronduit");
    for (const prefix of [...prefixes, ...more]) {
      const { own, queue } = schemasOf(prefix);
      for (const name of [own, queue]) {
        expect(name).toMatch(/^[A-Za-z_][\w$]{0,62}$/);
        expect(name).not.toMatch(/^pg_|^public$|^information_schema$/i);
      }
    }
  });

  test("two queues never share a schema, whatever their prefixes, and those of one share BullMQ's", () => {
    const names = [
      "default",
      "q",
      "queue",
      "x",
      "a.b",
      "a-b",
      "a_b",
      "A_B",
      "runs",
      "x".repeat(64),
    ];
    const prefixes = ["cronduit", "c", "c_q", "c.q", "c-q", "y".repeat(64), "y".repeat(57), "pg_"];
    const all = prefixes.flatMap((prefix) => names.map((name) => schemasOf(prefix, name)));
    expect(new Set(all.map(({ own }) => own)).size).toBe(all.length);
    expect(new Set(all.map(({ queue, runs }) => `${queue} ${runs}`)).size).toBe(all.length);
    expect(new Set(all.map(({ queue }) => queue)).size).toBe(prefixes.length);
    for (const { own } of all) expect(own).toMatch(/^[A-Za-z_][\w$]{0,62}$/);
    expect(schemasOf("cronduit", "mail")).toEqual({
      own: "cronduit$q$mail",
      home: "cronduit",
      queue: "cronduit$queue",
      runs: "runs/mail",
    });
  });

  test("what jsonb refuses is replaced, and nothing else", () => {
    const text = '\u0000 \ud800 \\u0000 \\\\ "\\ud800" \ud83d\ude00';
    expect(JSON.parse(toJson({ text }))).toEqual({
      text: '\ufffd \ufffd \\u0000 \\\\ "\\ud800" \ud83d\ude00',
    });
    const inside = JSON.stringify({ text });
    expect(JSON.parse(toJson([inside]))).toEqual([inside]);
  });
});

describe("the functions' headers", () => {
  test.each(Object.entries(FUNCTION_ARGUMENT))("%s", (name, argument) => {
    const url = new URL(`../../src/engine/postgres/sql/functions/${name}.sql`, import.meta.url);
    const sql = readFileSync(url, "utf8");
    const header = sql.slice(0, sql.indexOf("*/"));
    expect(header).toContain(`/*\n${name}: `);
    expect(header).toContain("\nReturns ");
    for (const each of [argument, ...COMMON_ARGUMENTS])
      expect(header).toMatch(new RegExp(`\n${each}  +`));
    expect(sql).toContain(
      `CREATE FUNCTION ${name}(${argument} jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb`,
    );
  });
});

test("every placeholder of the SQL is filled, and BullMQ's tables are asked of this queue only", () => {
  const { sql } = functionsSql(schemasOf("place", "mail"));
  expect(sql).not.toContain("{{");
  const asked = [...sql.matchAll(/\bqueue = ('[^']*')/g)].map(([, name]) => name);
  expect(asked.length).toBeGreaterThan(10);
  expect(new Set(asked)).toEqual(new Set(["'runs/mail'"]));
});

test("queue jobs that our functions add are, but for what nobody reads, those that BullMQ adds", async () => {
  const url = inject("postgresUrl");
  const prefix = `rows-${randomUUID().slice(0, 8)}`;
  const bench = new TestEngine(url, prefix);
  await bench.engine.open();
  bench.now = Date.now();
  const dueAt = bench.now + 3_600_000;
  const putDue = (id: string, due: number) => bench.put({ id, upcoming: [at(due)] });
  await bench.engine.jobs.put([putDue("ours-later", dueAt), putDue("ours-now", bench.now)]);
  await bench.engine.queue.add([
    { id: "bull:1:1", pipeline: "Report", dueAt },
    { id: "bull:1:2", pipeline: "Report", dueAt: bench.now },
  ]);
  await bench.engine.close();
  const { rows } = await withClient(url, (client) =>
    client.query<Record<string, unknown>>(
      `SELECT * FROM "${schemasOf(prefix).queue}".job ORDER BY process_at_ms, id`,
    ),
  );
  // The id, the place in line, the moment of adding and BullMQ's own copy of its options are what may differ.
  const own = new Set(["id", "seq", "added_at_ms", "delay_ms", "opts"]);
  const [bullLater, oursLater, bullNow, oursNow] = rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([column]) => !own.has(column))),
  );
  expect(rows).toHaveLength(4);
  expect(oursLater).toEqual(bullLater);
  expect(oursNow).toEqual(bullNow);
  expect(oursLater).toMatchObject({ state: "delayed", process_at_ms: String(dueAt) });
  expect(oursNow).toMatchObject({ state: "waiting", process_at_ms: null });
  for (const { opts } of rows) {
    expect(opts).toMatchObject({ attempts: 0, removeOnComplete: true, removeOnFail: true });
  }
});

test("the reason of a pause is told whatever the last error's message holds, and no longer than 200 characters", async () => {
  const prefix = `reasons-${randomUUID().slice(0, 8)}`;
  const bench = new TestEngine(inject("postgresUrl"), prefix);
  await bench.engine.open();
  const messages = {
    'a\u0000b \ud800 \\u0000 "\ud83d\ude00"': 'a\ufffdb \ufffd \\u0000 "\ud83d\ude00"',
    ["é".repeat(300)]: "é".repeat(200),
    "": "",
  };
  for (const [message, told] of Object.entries(messages)) {
    const job = await bench.addJob({ policy: { pauseAfterFailures: 1 } });
    bench.now += 1_000;
    const { runId } = await bench.run(job, bench.now);
    const error = { name: "Error", message };
    await bench.settle(job, runId, 1, { verdict: "failed", error });
    const pausedReason = `1 run failed: ${told}`;
    expect(await bench.stored(job)).toMatchObject({ state: "paused", pausedReason });
    expect((await bench.ledger(job))[0]?.error).toEqual(error);
  }
  await bench.engine.close();
});

test("the columns of the view `runs` are those that the documentation names", async () => {
  const url = inject("postgresUrl");
  const prefix = `columns-${randomUUID().slice(0, 8)}`;
  const bench = new TestEngine(url, prefix);
  await bench.engine.open();
  await bench.engine.close();
  const { rows } = await withClient(url, (client) =>
    client.query<{ name: string }>(
      "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = 'runs'",
      [schemasOf(prefix).own],
    ),
  );
  const text = readFileSync(new URL("../../docs/postgres.md", import.meta.url), "utf8");
  const table = text.slice(text.indexOf("## The ledger in SQL"), text.indexOf("```sql"));
  const named = [...table.matchAll(/^\| (`[^|]*`) +\|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
  );
  expect(new Set(named)).toEqual(new Set(rows.map(({ name }) => name)));
});

test("people can ask the ledger in plain SQL", async () => {
  const url = inject("postgresUrl");
  const prefix = `people-${randomUUID().slice(0, 8)}`;
  const bench = new TestEngine(url, prefix);
  await bench.engine.open();
  const job = await bench.addJob();
  bench.now += 1_500;
  const { runId } = await bench.run(job, bench.now - 500);
  await bench.settle(job, runId, 1, { resultJson: '{"rows":3}' });
  await bench.engine.close();
  const { rows } = await withClient(url, (client) =>
    client.query(
      `SELECT run_id, job_id, verdict, fire_time, lateness_ms, duration_ms, occurrences, result->>'rows' AS rows
       FROM "${schemasOf(prefix).own}".runs`,
    ),
  );
  expect(rows).toEqual([
    {
      run_id: runId,
      job_id: job.id,
      verdict: "succeeded",
      fire_time: new Date(at(bench.now - 500).fireAt),
      lateness_ms: "500",
      duration_ms: "40",
      occurrences: 1,
      rows: "3",
    },
  ]);
});
