import { PostgresServer } from "../helpers/postgres-server.ts";
import { startRedis } from "../helpers/redis-server.ts";
import type { ApiCalls, ApiPlace, Served } from "./api/api-program.ts";
import type { LoadCalls } from "./api/load-program.ts";
import { type Asked, MIXED, REQUESTS, type Stored } from "./api/requests.ts";
import { PREFIX, storeFleet } from "./api/stored-fleet.ts";
import type { Timed } from "./api/timed.ts";
import { type Bench, type BenchOptions, CRONDUIT, type Sample } from "./measure/bench.ts";
import { buildPackage } from "./measure/build-package.ts";
import { CalledProgram, type Leaving } from "./measure/called-program.ts";
import { playRounds } from "./measure/rounds.ts";

const PLAIN = "plain Hono";
const SIDES = [CRONDUIT, PLAIN, "api.fetch", "scheduler"] as const;
const SERVERS = ["Redis", "PostgreSQL"] as const;
const ASKED = [...Object.keys(REQUESTS), MIXED] as Asked[];
/** Of the mixed requests; the others come one by one. */
const AT_ONCE = 16;

/** The two programs of one server's part, and what is stored on it. */
interface Place {
  readonly stored: Stored;
  readonly served: Served;
  readonly api: CalledProgram<ApiCalls & Leaving>;
  readonly load: CalledProgram<LoadCalls & Leaving>;
}

export const bench: Bench = {
  title: "The HTTP API",
  about: `
Jobs are stored, and one more with many rows in the ledger (\`--jobs\`, \`--rows\`); the figures are of 100,000 jobs and 1,000,000 rows. A client in a process of its own
asks over HTTP with an API token, over connections that stay open: one request after the other and, mixed, ${AT_ONCE} at once. Of 20 mixed requests 16 read one job, 2
ask \`explain\`, and one each reads 100 jobs and 100 runs. Plain Hono answers the same requests with constants of the same size, which it
writes as JSON each time, without looking at who asks or at a server. \`api.fetch\` is the API without a network, \`scheduler\` the method behind the route, called
directly. The client and the database share the processors with what is measured.

Text that no job has is looked for in all jobs on PostgreSQL, and in 20,000 by one call on Redis. Where there are fewer rows, page 10,000 is the last one.`,
  figures: {
    p50: { label: "p50, ms", better: "less" },
    p99: { label: "p99, ms", better: "less" },
    cpu: { label: "CPU, µs a request", better: "less" },
    perSecond: { label: "requests/s", better: "more" },
  },
  sides: SIDES,
  async play(options) {
    buildPackage();
    const samples: Sample[] = [];
    for (const server of SERVERS) samples.push(...(await playOn(server, options)));
    return samples;
  },
};

async function playOn(
  server: (typeof SERVERS)[number],
  { quick, rounds, seconds, sides, jobs, rows, profile, say }: BenchOptions,
): Promise<Sample[]> {
  await using database = await (server === "Redis" ? startRedis() : PostgresServer.start());
  const connection = database.url;
  const size = quick
    ? { jobs: 1_000, rows: 5_000 }
    : { jobs: jobs ?? 20_000, rows: rows ?? 100_000 };
  const stored = await storeFleet(connection, size);
  say(`${server}: ${size.jobs} jobs and ${size.rows} rows are stored`);
  const place: ApiPlace = { connection, prefix: PREFIX, stored };
  await using api = await CalledProgram.start<ApiCalls & Leaving>("test/bench/api/api-program.ts", {
    place,
    profile,
  });
  await using load = await CalledProgram.start<LoadCalls & Leaving>(
    "test/bench/api/load-program.ts",
    {
      place: {},
    },
  );
  const served = await api.call("serve");
  const parts = ASKED.map((asked) => `${server}, ${asked}`);
  const count = quick ? 1 : (rounds ?? 3);
  const lasting = quick ? 0.2 : (seconds ?? 2);
  return await playRounds({ count, parts, sides, say }, async (part, side) => {
    const asked = ASKED[parts.indexOf(part)] ?? MIXED;
    // Not counted: makes what is made once.
    await ask({ stored, served, api, load }, { side, asked, seconds: lasting / 4 });
    await api.call("begin");
    const timed = await ask({ stored, served, api, load }, { side, asked, seconds: lasting });
    const cpuUs = await api.call("end");
    const { p50, p99, perSecond, calls } = timed;
    return {
      p50,
      p99,
      cpu: cpuUs / calls,
      ...(asked === MIXED ? { perSecond } : {}),
    };
  });
}

async function ask(
  { stored, served, api, load }: Place,
  { side, asked, seconds }: { side: string; asked: Asked; seconds: number },
): Promise<Timed> {
  const atOnce = asked === MIXED ? AT_ONCE : 1;
  if (side === "api.fetch" || side === "scheduler")
    return await api.call("inside", { who: side, asked, seconds, atOnce });
  const url = side === PLAIN ? served.plain : served.api;
  return await load.call("ask", { asked, stored, url, token: served.token, seconds, atOnce });
}
