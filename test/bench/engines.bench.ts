import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PostgresServer } from "../helpers/postgres-server.ts";
import { type Program, startProgram } from "../helpers/process.ts";
import { startRedis } from "../helpers/redis-server.ts";
import type { Cell, Load, Measured } from "./engines/cell-program.ts";
import { BARE, type Bench, type BenchOptions, CRONDUIT, type Sample } from "./measure/bench.ts";
import { type EngineName, ENGINES, type Place, type Side, SIDES } from "./engines/subject.ts";

/** What the whole may take: no round is begun that would not fit, and one that takes longer is broken off. */
const LIMIT_MS = 225_000;
const MOST_ROUNDS = 7;
const CONCURRENCY = 50;

/** So much that a part takes about a second on a machine of today. */
const LOADS: Record<EngineName, Load> = {
  redis: { burst: 500, one: 500, steady: 40, steadyMs: 1_500 },
  postgres: { burst: 200, one: 200, steady: 40, steadyMs: 1_500 },
  embedded: { burst: 60, one: 60, steady: 20, steadyMs: 1_500 },
};
/** About a second, to see that it works. */
const QUICK: Load = { burst: 10, one: 10, steady: 10, steadyMs: 1_000 };

const LABELS: Readonly<Record<Side, string>> = { cronduit: CRONDUIT, bullmq: BARE };

/** Servers of the bench's own, on this machine, which write nothing to the disk. */
interface Backends {
  readonly redis: string;
  readonly postgres: string;
  readonly folder: string;
}

/** A process that measures one side on one engine whenever it is asked to. */
interface Player {
  readonly engine: EngineName;
  readonly side: Side;
  readonly program: Program;
}

function startPlayer(engine: EngineName, side: Side, at: Backends): Player {
  const prefix = `bench_${side}`;
  const connections: Record<EngineName, string> = {
    redis: at.redis,
    postgres: at.postgres,
    embedded: `embedded://${join(at.folder, prefix)}`,
  };
  const place: Place = {
    engine,
    connection: connections[engine],
    prefix,
    concurrency: CONCURRENCY,
  };
  const cell: Cell = { side, place };
  const args = [JSON.stringify(cell)];
  const program = startProgram("test/bench/engines/cell-program.ts", { args });
  return { engine, side, program };
}

async function measure({ program }: Player, load: Load, until: number): Promise<Measured> {
  const from = program.messages.length;
  program.send(load);
  const timeoutMs = Math.max(0, until - performance.now());
  return await program.waitFor(isMeasured, { from, timeoutMs });
}

function isMeasured(message: unknown): message is Measured {
  return typeof message === "object" && message !== null && "burstPerSecond" in message;
}

/**
 * Both sides on each engine, the other one first in every second round: what disturbs a machine disturbs both.
 * @yields The two sides of one engine.
 */
async function* playRound(
  round: number,
  quick: boolean,
  players: readonly Player[],
  until: number,
): AsyncGenerator<Sample[]> {
  const sides = round % 2 === 0 ? SIDES.toReversed() : SIDES;
  for (const engine of ENGINES) {
    const pair: Sample[] = [];
    for (const side of sides) {
      const player = players.find((one) => one.engine === engine && one.side === side);
      if (!player) throw new Error(`nobody measures ${side} on ${engine}`);
      const measured = await measure(player, quick ? QUICK : LOADS[engine], until);
      pair.push({ part: engine, side: LABELS[side], round, figures: { ...measured } });
    }
    yield pair;
  }
}

/** As many rounds as there is time for. One that is broken off counts for the engines that were measured in it. */
async function playRounds(
  quick: boolean,
  players: readonly Player[],
  until: number,
): Promise<Sample[]> {
  const rows: Sample[] = [];
  let longestMs = 0;
  for (let round = 1; round <= (quick ? 1 : MOST_ROUNDS); round += 1) {
    const from = performance.now();
    if (from + longestMs * 1.2 > until) break;
    try {
      for await (const pair of playRound(round, quick, players, until)) rows.push(...pair);
    } catch (error) {
      if (performance.now() < until || rows.length === 0) throw error;
      break;
    }
    longestMs = Math.max(longestMs, performance.now() - from);
  }
  return rows;
}

async function play({ quick }: BenchOptions): Promise<Sample[]> {
  const until = performance.now() + LIMIT_MS;
  await using redis = await startRedis();
  await using postgres = await PostgresServer.start();
  const folder = await mkdtemp(join(tmpdir(), "cronduit-bench-"));
  const at: Backends = { redis: redis.url, postgres: postgres.url, folder };
  const players = ENGINES.flatMap((engine) => SIDES.map((side) => startPlayer(engine, side, at)));
  try {
    const timeoutMs = until - performance.now();
    const isReady = (message: unknown): boolean => message === "ready";
    await Promise.all(players.map(({ program }) => program.waitFor(isReady, { timeoutMs })));
    return await playRounds(quick, players, until);
  } finally {
    await Promise.all(players.map(({ program }) => program[Symbol.asyncDispose]()));
    await rm(folder, { recursive: true, force: true });
  }
}

export const bench: Bench = {
  title: "Engines",
  about: `
Measures each of three engines twice: with cronduit, and with bare BullMQ on the same backend. For the embedded engine, bare
BullMQ's PostgreSQL backend uses the same database inside the process. Each of these six is a process of its own that
schedules and executes; all start together and are measured one after another. There are at most seven rounds, and none
that would not fit into four minutes.

Many jobs: interval jobs that are all due in one instant, beside Job Schedulers; from that instant until the last run began. One
job: its runs, requested while everything was paused, beside plain queue jobs; from the resumption until the last began.
Lateness: of 20 to 40 jobs that are each due once a second.`,
  figures: {
    burstPerSecond: { label: "many jobs, runs/s", better: "more" },
    onePerSecond: { label: "one job, runs/s", better: "more" },
    lateP50: { label: "late by, p50, ms", better: "less" },
    lateP99: { label: "late by, p99, ms", better: "less" },
  },
  sides: [CRONDUIT, BARE],
  play,
};
