import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createApi } from "../../src/api/create-api.ts";
import { toNodeListener } from "../../src/api/edge/node-listener.ts";
import { silentLogger } from "../../src/core/log.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { outputOf, track } from "../helpers/children.ts";
import { startRedis } from "../helpers/redis-server.ts";
import { APART_MS } from "./api/requests.ts";
import { PREFIX, storeFleet } from "./api/stored-fleet.ts";
import type { Bench, Sample } from "./measure/bench.ts";
import { buildPackage } from "./measure/build-package.ts";
import { playRounds } from "./measure/rounds.ts";

const BIN = fileURLToPath(new URL("../../dist/cli/bin.js", import.meta.url));
const VERSION = "cronduit --version";
const NODE = "node -e 0";
const HELP = "cronduit --help";
const WHY = "why, socket";
const WHY_HERE = "why, in process";

/** How long a process takes from its start to its end. */
async function time(args: readonly string[]): Promise<Sample["figures"]> {
  const from = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  track(child, args.join(" "));
  const output = outputOf(child);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${output()}`);
  return { wallMs: performance.now() - from };
}

export const bench: Bench = {
  title: "Command line",
  about: `
Each time a process of its own, of the package as published: \`cronduit --version\` beside a Node.js that does nothing, the help, and \`why\` of a time in the middle of a job with
many rows in the ledger (\`--rows\`, 100,000 unless said) on Redis: over the Unix socket of a process that has the fleet, and with a connection of its own.`,
  figures: { wallMs: { label: "from start to end, ms", better: "less" } },
  sides: [VERSION, NODE, HELP, WHY, WHY_HERE],
  hasSidesAsLines: true,
  async play({ quick, rounds, rows = quick ? 1_000 : 100_000, sides, say }) {
    buildPackage();
    await using redis = await startRedis();
    const folder = await mkdtemp(join(tmpdir(), "cronduit-cli-bench-"));
    say(`${rows} rows are stored`);
    const { jobId, endAt } = await storeFleet(redis.url, { jobs: 10, rows });
    const options = { connection: redis.url, prefix: PREFIX, worker: false, logger: silentLogger };
    const scheduler = new PipelineScheduler(options);
    const listen = toNodeListener(createApi({ scheduler }).as({ kind: "cli", id: "bench" }));
    const socket = join(folder, "cronduit.sock");
    const server = createServer((request, response) => void listen(request, response));
    await once(server.listen(socket), "listening");
    const middle = new Date(endAt - Math.floor(rows / 2) * APART_MS);
    const why = ["why", jobId, "--at", middle.toISOString()];
    const calls: Readonly<Record<string, readonly string[]>> = {
      [VERSION]: [BIN, "--version"],
      [NODE]: ["-e", "0"],
      [HELP]: [BIN, "--help"],
      [WHY]: [BIN, ...why, "--socket", socket],
      [WHY_HERE]: [BIN, ...why, "--connection", redis.url, "--prefix", PREFIX],
    };
    const play = (side: string): Promise<Sample["figures"]> => time(calls[side] ?? []);
    try {
      // Not counted: brings files into the system's cache.
      for (const side of sides) await play(side);
      const count = quick ? 1 : (rounds ?? 21);
      return await playRounds({ count, parts: [""], sides, say }, (_, side) => play(side));
    } finally {
      server.closeAllConnections();
      server.close();
      await scheduler.shutdown({ wait: false });
      await rm(folder, { recursive: true, force: true });
    }
  },
};
