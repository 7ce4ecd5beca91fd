import { PostgresServer } from "../helpers/postgres-server.ts";
import { startProgram } from "../helpers/process.ts";
import { startRedis } from "../helpers/redis-server.ts";
import type { Bench, Sample } from "./measure/bench.ts";
import { playRounds } from "./measure/rounds.ts";
import { installPeers, PEER_VERSIONS } from "./peers/install.ts";
import { PEERS, type PeerName } from "./peers/peer.ts";
import type { PeerTask } from "./peers/peer-program.ts";
import { buildPackage } from "./measure/build-package.ts";

const ONE_OFF = 1_000;
const QUICK_ONE_OFF = 200;
const SCHEDULES = 500;
/** Starting, up to two minutes until the schedules are due, and one until all have run. */
const LIMIT_MS = 300_000;

const versions = Object.entries(PEER_VERSIONS)
  .map(([name, version]) => `${name} ${version}`)
  .join(", ");

/** One peer, once, on servers of its own. */
async function measure(
  peer: PeerName,
  what: PeerTask["what"],
  { node, loader, count }: { node: string; loader: string; count: number },
): Promise<Sample["figures"]> {
  await using redis = await startRedis();
  await using postgres = await PostgresServer.start();
  const place = { peer, redis: redis.url, postgres: postgres.url, loader };
  const task: PeerTask = { place, what, count };
  await using program = startProgram("test/bench/peers/peer-program.ts", {
    args: [JSON.stringify(task)],
    node,
  });
  const isFound = (message: unknown): message is { figures: Sample["figures"] } =>
    typeof message === "object" && message !== null && "figures" in message;
  return (await program.waitFor(isFound, { timeoutMs: LIMIT_MS })).figures;
}

export const bench: Bench = {
  title: "Peers",
  about: `
Each in a process of its own, on a new server of its own, with a concurrency of 50 where it can be chosen. PostgreSQL runs with
\`fsync\` and \`full_page_writes\` off. One-off jobs: 1,000 that are due, all stored before the worker starts, until the last began, at most for a minute; DBOS
starts what it stores at once, so storing is part of its figure. cronduit's are jobs with a date, each with its ledger and events; bare BullMQ's and
the peers' are plain queue jobs. Schedules: 500 cron schedules, declared twice, in one call where there is one, otherwise 50 calls at
once; then how late all of them ran at a full minute. graphile-worker takes its schedules when it starts.
pg-boss polls its schedules twice a minute and DBOS spreads them over up to six seconds, by design.

Installed by the bench in a folder of its own: ${versions}. All run on that Node.`,
  figures: {
    perSecond: { label: "one-off jobs, runs/s", better: "more" },
    cpu: { label: "worker CPU, µs a run", better: "less" },
    declared: { label: "schedules declared/s", better: "more" },
    again: { label: "declared again/s", better: "more" },
    ran: { label: "of 500 ran in that minute", better: "more" },
    lateP50: { label: "late by, p50, ms", better: "less" },
    lateP99: { label: "late by, p99, ms", better: "less" },
  },
  sides: PEERS,
  hasSidesAsLines: true,
  async play({ quick, rounds, sides, say }) {
    const found = installPeers(say);
    buildPackage();
    const count = quick ? 1 : (rounds ?? 2);
    return playRounds({ count, parts: [""], sides, say }, async (_, side) => {
      const peer = PEERS.find((name) => name === side);
      if (peer === undefined) throw new Error(`there is no peer ${side}`);
      const oneOff = quick ? QUICK_ONE_OFF : ONE_OFF;
      return {
        ...(await measure(peer, "one-off jobs", { ...found, count: oneOff })),
        ...(await measure(peer, "schedules", { ...found, count: SCHEDULES })),
      };
    });
  },
};
