import { Redis } from "ioredis";
import pg from "pg";
import { systemClock } from "../../../src/core/clock.ts";
import { makeEngine } from "../../../src/engine/open-engine.ts";
import type { Engine } from "../../../src/engine/port/engine.ts";
import { aDefinition } from "../../helpers/a-definition.ts";
import { silent } from "../../helpers/silent.ts";
import { TESTER } from "../../helpers/tester.ts";
import { putListedJobs } from "../lists/listed-fleet.ts";
import { APART_MS, type Stored } from "./requests.ts";

export const PREFIX = "bench";
const JOB = "many-rows";
const CHUNK = 5_000;
/** So many ids are told to who asks. */
const TOLD = 2_000;

/** How much is stored. */
export interface FleetSize {
  readonly jobs: number;
  /** Of one more job, in the ledger. */
  readonly rows: number;
}

/** Connects to a server as a scheduler does. */
export function engineOn(connection: string): Engine {
  return makeEngine({
    connection,
    prefix: PREFIX,
    clock: systemClock,
    logger: silent,
    timeoutMs: 60_000,
  });
}

/** Stores jobs, and one more with many rows in the ledger. */
export async function storeFleet(connection: string, size: FleetSize): Promise<Stored> {
  const engine = engineOn(connection);
  const endAt = Math.floor(Date.now() / APART_MS) * APART_MS - APART_MS;
  try {
    await engine.open();
    const ids = await putListedJobs(engine, size.jobs);
    const definition = aDefinition({ id: JOB, createdAt: endAt - size.rows * APART_MS });
    const later = endAt + 86_400_000;
    const upcoming = [{ fireAt: later, dueAt: later }];
    await engine.jobs.put([
      { definition, state: "active", watermark: endAt, upcoming, by: TESTER },
    ]);
    const put = connection.startsWith("redis") ? putOnRedis : putOnPostgres;
    await put(connection, size.rows, endAt);
    return { ids: ids.slice(-TOLD), jobId: JOB, rows: size.rows, endAt };
  } finally {
    await engine.close();
  }
}

async function putOnPostgres(connection: string, rows: number, endAt: number): Promise<void> {
  const client = new pg.Client({ connectionString: connection });
  await client.connect();
  await client.query(`SET search_path TO ${PREFIX}`);
  await client.query(
    `INSERT INTO ledger (job_id, run_id, verdict, kind, fire_at, due_at, started_at, finished_at, attempt, worker, at)
     SELECT '${JOB}', '${JOB}:1:' || at, 'succeeded', 'scheduled', at, at, at + 3, at + 250, 1, 'worker-' || n % 4, at + 250
     FROM (SELECT n, ${endAt}::bigint - n * ${APART_MS} AS at FROM generate_series(0, ${rows - 1}) AS n) AS fired`,
  );
  await client.query(`INSERT INTO ledgers (job_id, row_count) VALUES ('${JOB}', ${rows})`);
  await client.query("ANALYZE");
  await client.end();
}

async function putOnRedis(connection: string, rows: number, endAt: number): Promise<void> {
  const client = new Redis(connection);
  const key = `{${PREFIX}:default}:ledger:${JOB}`;
  for (let n = 0; n < rows;) {
    const scored: (string | number)[] = [];
    for (const until = Math.min(rows, n + CHUNK); n < until; n += 1) {
      const at = endAt - n * APART_MS;
      const row = {
        id: `${JOB}:1:${at}`,
        state: "succeeded",
        kind: "scheduled",
        fireAt: at,
        dueAt: at,
        startedAt: at + 3,
        finishedAt: at + 250,
        attempt: 1,
        worker: `worker-${n % 4}`,
      };
      scored.push(at, JSON.stringify(row));
    }
    await client.zadd(key, ...scored);
  }
  client.disconnect();
}
