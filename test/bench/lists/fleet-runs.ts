import { Redis } from "ioredis";
import pg from "pg";
import { PostgresServer } from "../../helpers/postgres-server.ts";
import { startRedis } from "../../helpers/redis-server.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { lineLogger } from "../../../src/core/log.ts";
import { makeEngine } from "../../../src/engine/open-engine.ts";
import type { Engine } from "../../../src/engine/port/engine.ts";
import type { RunListQuery } from "../../../src/jobs/run-list.ts";
import { type BenchOptions, CRONDUIT, type Sample } from "../measure/bench.ts";
import { quantile } from "../measure/statistics.ts";

const PREFIX = "bench";
const JOBS = 2_000;
const PAGE = 100;
/** Milliseconds between two decisions: a million are eleven days. */
const APART_MS = 1_000;

/** What is asked for; `page` many pages on. */
interface Ask {
  readonly name: string;
  readonly query?: Partial<RunListQuery>;
  readonly page?: number;
}

const ASKED: readonly Ask[] = [
  { name: "page 1" },
  { name: "page 10,000", page: 10_000 },
  { name: "failed (1 in 100)", query: { verdicts: ["failed"] } },
  { name: "skipped: paused (1 in 1,000)", query: { reason: "paused" } },
  { name: "an owner (1 in 100)", query: { owner: "team-7" } },
  { name: "one job", query: { jobId: "job-7" } },
  { name: "a worker (1 in 4)", query: { worker: "worker-1" } },
  { name: "text of an error (1 in 10,000)", query: { verdicts: ["failed"], text: "number 77" } },
];

/** Lists of the runs of the whole fleet, on PostgreSQL with a million rows and on Redis with as many as it lists. */
export async function playFleetRuns(options: BenchOptions): Promise<Sample[]> {
  const rows = options.quick ? 5_000 : 1_000_000;
  const calls = options.quick ? 5 : 200;
  return [
    ...(await onPostgres(rows, (engine, end) =>
      askAll(engine, "PostgreSQL", { end, calls, rows }),
    )),
    ...(await onRedis(Math.min(rows, 50_000), (engine, end, count) =>
      askAll(engine, "Redis", { end, calls, rows: count }),
    )),
  ];
}

async function askAll(
  engine: Engine,
  server: string,
  { end, calls, rows }: { readonly end: number; readonly calls: number; readonly rows: number },
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const { name, query, page = 1 } of ASKED) {
    // The last page, where there are fewer.
    const behind = Math.min((page - 1) * PAGE, Math.max(0, rows - PAGE));
    const before = page === 1 ? undefined : `${end - behind * APART_MS}:`;
    const wanted = { fromAt: 0, toAt: 8.64e15, limit: PAGE, before, ...query };
    const times: number[] = [];
    let found = 0;
    for (let i = 0; i < calls; i += 1) {
      const from = performance.now();
      found = (await engine.ledger.list(wanted, "all")).runs.length;
      times.push(performance.now() - from);
    }
    times.sort((a, b) => a - b);
    const figures = { listP50: quantile(times, 0.5), listP99: quantile(times, 0.99), found };
    samples.push({ part: `runs on ${server}, ${name}`, side: CRONDUIT, round: 1, figures });
  }
  return samples;
}

async function withEngine<T>(connection: string, work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = makeEngine({
    connection,
    prefix: PREFIX,
    clock: systemClock,
    logger: lineLogger("error"),
    timeoutMs: 60_000,
    maxEvents: 1_000,
  });
  try {
    await engine.open();
    return await work(engine);
  } finally {
    await engine.close();
  }
}

async function onPostgres(
  rows: number,
  ask: (engine: Engine, end: number) => Promise<Sample[]>,
): Promise<Sample[]> {
  await using server = await PostgresServer.start();
  return await withEngine(server.url, async (engine) => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const end = Date.now();
    await client.query(`SET search_path TO ${PREFIX}`);
    await client.query(
      `INSERT INTO ledger (job_id, run_id, verdict, kind, fire_at, due_at, decided_at, started_at, finished_at, attempt, worker,
         reason, owner, error, at)
       SELECT 'job-' || n % ${JOBS}, 'job-' || n % ${JOBS} || ':1:' || at, verdict, 'scheduled', at, at,
         CASE verdict WHEN 'skipped' THEN at END, CASE verdict WHEN 'skipped' THEN NULL ELSE at END,
         CASE verdict WHEN 'skipped' THEN NULL ELSE at END, 1, 'worker-' || n / 3 % 4,
         CASE verdict WHEN 'skipped' THEN 'paused' END, 'team-' || n % ${JOBS} % 100,
         CASE verdict WHEN 'failed' THEN json_build_object('name', 'Error', 'message', 'number ' || n / 100 % 100) END, at
       FROM (SELECT n, ${end}::bigint - n * ${APART_MS} AS at,
           CASE WHEN n % 1000 = 1 THEN 'skipped' WHEN n % 100 = 0 THEN 'failed' ELSE 'succeeded' END AS verdict
         FROM generate_series(1, ${rows}) AS n) AS decided`,
    );
    await client.query(
      "INSERT INTO ledgers (job_id, row_count) SELECT job_id, count(*) FROM ledger GROUP BY 1",
    );
    await client.query("ANALYZE");
    await client.end();
    return ask(engine, end);
  });
}

async function onRedis(
  entries: number,
  ask: (engine: Engine, end: number, rows: number) => Promise<Sample[]>,
): Promise<Sample[]> {
  const server = await startRedis();
  try {
    return await withEngine(server.url, async (engine) => {
      const client = new Redis(server.url);
      const end = Date.now();
      const tag = `{${PREFIX}:default}`;
      for (let n = entries; n > 0;) {
        const pipeline = client.pipeline();
        for (const last = Math.max(0, n - 5_000); n > last; n -= 1) {
          const at = end - n * APART_MS;
          const isSkipped = n % 1_000 === 1;
          const state = isSkipped ? "skipped" : n % 100 === 0 ? "failed" : "succeeded";
          const job = `job-${n % JOBS}`;
          const times = isSkipped
            ? { decidedAt: at, reason: "paused" }
            : {
                startedAt: at,
                finishedAt: at,
                attempt: 1,
                worker: `worker-${Math.floor(n / 3) % 4}`,
              };
          const error = { name: "Error", message: `number ${Math.floor(n / 100) % 100}` };
          const row = {
            id: `${job}:1:${at}`,
            state,
            kind: "scheduled",
            fireAt: at,
            dueAt: at,
            owner: `team-${(n % JOBS) % 100}`,
            ...times,
            ...(state === "failed" ? { error: JSON.stringify(error) } : {}),
          };
          pipeline.zadd(`${tag}:ledger:${job}`, at, JSON.stringify(row));
          const letter = { succeeded: "s", failed: "f", skipped: "k" }[state];
          pipeline.zadd(`${tag}:decided`, at, `${letter}0 ${row.id}`);
        }
        await pipeline.exec();
      }
      client.disconnect();
      return ask(engine, end, entries);
    });
  } finally {
    await server.dispose();
  }
}
