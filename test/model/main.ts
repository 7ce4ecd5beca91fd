// Compares an engine with the rules on many random sequences: `npm run model -- --engine redis --runs 5000`.
import { parseArgs } from "node:util";
import { startRedis } from "../../scripts/redis-server.ts";
import { PostgresServer } from "../helpers/postgres-server.ts";
import { startRedisCluster } from "../helpers/redis-cluster.ts";
import { START, type Time, WORKERS } from "./fleet.ts";
import { openMemory } from "./memory-place.ts";
import type { Place } from "./place.ts";
import { openRedis } from "./redis-place.ts";
import { openEmbeddedFolder, openPostgres } from "./sql-place.ts";
import { SEQUENCES, type Attempts, trySequences } from "./sequences.ts";

const USAGE = `npm run model -- --engine <name> [options]

  --engine    redis, postgres, embedded, redis-cluster or memory
  --runs      how many sequences; half of them with several things at once (5000)
  --seed      which ones (random)
  --steps     the most steps of one (40)
  --url       a Redis or PostgreSQL server to use (starts one)
  --path      to run one again: what was printed when it failed, together with --seed and --sequences
  --replay    likewise
  --sequences "in turns" or "at once" (both)
`;
const REPORT_EVERY_MS = 30_000;

const { values } = parseArgs({
  options: {
    engine: { type: "string" },
    runs: { type: "string", default: "5000" },
    seed: { type: "string" },
    steps: { type: "string", default: "40" },
    url: { type: "string" },
    path: { type: "string" },
    replay: { type: "string" },
    sequences: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const time: Time = { now: START };
const ends: (() => PromiseLike<unknown>)[] = [];

async function open(engine: string): Promise<Place | undefined> {
  const options = { prefix: `model-${process.pid}`, engines: WORKERS + 1, now: () => time.now };
  switch (engine) {
    case "redis": {
      const server = values.url === undefined ? await startRedis() : undefined;
      if (server) ends.push(() => server.dispose());
      return openRedis("redis", values.url ?? server?.url ?? "", options);
    }
    case "redis-cluster": {
      const cluster = await startRedisCluster(3);
      ends.push(() => cluster[Symbol.asyncDispose]());
      return openRedis("redis cluster", { cluster: cluster.nodes }, options);
    }
    case "postgres": {
      const server = values.url === undefined ? await PostgresServer.start() : undefined;
      if (server) ends.push(() => server[Symbol.asyncDispose]());
      return openPostgres(values.url ?? server?.url ?? "", options);
    }
    case "embedded":
      return openEmbeddedFolder(options);
    case "memory":
      return openMemory(options);
    default:
      return undefined;
  }
}

async function main(): Promise<void> {
  const place = await open(values.engine ?? "none");
  if (!place || values.help) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  ends.push(() => place.close());
  const seed = values.seed === undefined ? Date.now() % 1_000_000_007 : Number(values.seed);
  const kinds = (Object.keys(SEQUENCES) as Attempts["sequences"][]).filter(
    (kind) => values.sequences === undefined || values.sequences === kind,
  );
  const tally: Record<string, number> = {};
  const from = performance.now();
  let done = 0;
  let reportedAt = from;
  const report = (): void => {
    reportedAt = performance.now();
    const seconds = Math.round((reportedAt - from) / 1_000);
    console.log(`${place.name}: ${done} sequences in ${seconds} s ${JSON.stringify(tally)}`);
  };
  for (const sequences of kinds)
    await trySequences({
      place,
      time,
      sequences,
      seed,
      runs: Math.ceil(Number(values.runs) / kinds.length),
      maxSteps: Number(values.steps),
      limitMs: Infinity,
      path: values.path,
      replay: values.replay,
      onDone(trial) {
        done += 1;
        trial.tally(tally);
        if (performance.now() - reportedAt > REPORT_EVERY_MS) report();
      },
    });
  report();
  console.log(`no difference; seed ${seed}`);
}

try {
  await main();
} catch (error) {
  const { message, cause } = error as Error;
  console.error(message);
  console.error(cause);
  process.exitCode = 1;
} finally {
  for (const end of ends.toReversed()) await end();
}
