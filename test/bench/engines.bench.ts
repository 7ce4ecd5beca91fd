import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { PostgresServer } from "../helpers/postgres-server.ts";
import { type Program, startProgram } from "../helpers/process.ts";
import { startRedis } from "../helpers/redis-server.ts";
import type { Cell, Load, Measured } from "./engines/cell-program.ts";
import { type EngineName, ENGINES, type Place, type Side, SIDES } from "./engines/subject.ts";

/** What the whole may take: no round is begun that would not fit, and one that takes longer is broken off. */
const LIMIT_MS = 225_000;
const MOST_ROUNDS = 7;
const CONCURRENCY = 50;

const EMBEDDED_LOAD: Load = { burst: 60, one: 60, steady: 20, steadyMs: 1_500 };
/** So much that a part takes about a second on a machine of today. */
const LOADS: Record<EngineName, Load> = {
  redis: { burst: 500, one: 500, steady: 40, steadyMs: 1_500 },
  postgres: { burst: 200, one: 200, steady: 40, steadyMs: 1_500 },
  "embedded-memory": EMBEDDED_LOAD,
  "embedded-folder": EMBEDDED_LOAD,
};
/** About a second, to see that it works. */
const QUICK: Load = { burst: 10, one: 10, steady: 10, steadyMs: 1_000 };

const FIGURES = {
  burstPerSecond: "runs/s, many jobs",
  onePerSecond: "runs/s, one job",
  lateP50: "late by, p50, ms",
  lateP99: "late by, p99, ms",
} as const;
type Figure = keyof typeof FIGURES;

/** The figures of one cell in one round. */
interface Row extends Measured {
  readonly round: number;
  readonly engine: EngineName;
  readonly side: Side;
}

interface Ratio {
  readonly median: number | null;
  readonly lowest: number | null;
  readonly highest: number | null;
}

interface Compared {
  readonly cronduit: number | null;
  readonly bullmq: number | null;
  /** cronduit's figure by bare BullMQ's of the same round. */
  readonly ratio: Ratio;
}

interface Result {
  readonly node: string;
  readonly processor: string;
  readonly processors: number;
  /** Of the machine at the end, over 1, 5 and 15 minutes: above the number of processors, others were busy too. */
  readonly load: readonly number[];
  readonly concurrency: number;
  readonly rounds: number;
  readonly seconds: number;
  /** Medians over the rounds. */
  readonly engines: Record<string, Record<Figure, Compared>>;
  readonly rows: readonly Row[];
}

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
  const connections: Record<EngineName, string | undefined> = {
    redis: at.redis,
    postgres: at.postgres,
    "embedded-memory": undefined,
    "embedded-folder": `embedded://${join(at.folder, prefix)}`,
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
): AsyncGenerator<Row[]> {
  const sides = round % 2 === 0 ? SIDES.toReversed() : SIDES;
  for (const engine of ENGINES) {
    const pair: Row[] = [];
    for (const side of sides) {
      const player = players.find((one) => one.engine === engine && one.side === side);
      if (!player) throw new Error(`nobody measures ${side} on ${engine}`);
      const measured = await measure(player, quick ? QUICK : LOADS[engine], until);
      pair.push({ round, engine, side, ...measured });
    }
    yield pair;
  }
}

/** As many rounds as there is time for. One that is broken off counts for the engines that were measured in it. */
async function playRounds(
  quick: boolean,
  players: readonly Player[],
  until: number,
): Promise<Row[]> {
  const rows: Row[] = [];
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

/** Measures this package and bare BullMQ (its Job Schedulers, its queue) on each engine, in turns. */
export async function run({ quick }: { quick: boolean }): Promise<Result> {
  const from = performance.now();
  const until = from + LIMIT_MS;
  await using redis = await startRedis();
  await using postgres = await PostgresServer.start();
  const folder = await mkdtemp(join(tmpdir(), "cronduit-bench-"));
  const at: Backends = { redis: redis.url, postgres: postgres.url, folder };
  const players = ENGINES.flatMap((engine) => SIDES.map((side) => startPlayer(engine, side, at)));
  let rows: Row[];
  try {
    const timeoutMs = until - performance.now();
    const isReady = (message: unknown): boolean => message === "ready";
    await Promise.all(players.map(({ program }) => program.waitFor(isReady, { timeoutMs })));
    rows = await playRounds(quick, players, until);
  } finally {
    await Promise.all(players.map(({ program }) => program[Symbol.asyncDispose]()));
    await rm(folder, { recursive: true, force: true });
  }
  return {
    node: process.version,
    processor: cpus()[0]?.model ?? "unknown",
    processors: availableParallelism(),
    load: loadavg().map((value) => Math.round(value * 10) / 10),
    concurrency: CONCURRENCY,
    rounds: rows.at(-1)?.round ?? 0,
    seconds: Math.round((performance.now() - from) / 1_000),
    engines: Object.fromEntries(ENGINES.map((engine) => [engine, compare(rows, engine)])),
    rows,
  };
}

function compare(rows: readonly Row[], engine: EngineName): Record<Figure, Compared> {
  const compared = (figure: Figure): Compared => {
    const of = (side: Side): (number | null)[] =>
      rows.filter((row) => row.engine === engine && row.side === side).map((row) => row[figure]);
    const bullmq = of("bullmq");
    const ratios = of("cronduit").flatMap((value, i) => {
      const other = bullmq[i] ?? null;
      return value === null || other === null ? [] : [value / other];
    });
    const sorted = ratios.toSorted((a, b) => a - b);
    return {
      cronduit: median(of("cronduit")),
      bullmq: median(bullmq),
      ratio: {
        median: median(ratios),
        lowest: sorted[0] ?? null,
        highest: sorted.at(-1) ?? null,
      },
    };
  };
  return {
    burstPerSecond: compared("burstPerSecond"),
    onePerSecond: compared("onePerSecond"),
    lateP50: compared("lateP50"),
    lateP99: compared("lateP99"),
  };
}

/** `null`: in no round was it told. */
function median(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/** The result as a table. */
export function print(result: unknown): string {
  const told = result as Result;
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i < 2 ? cell.padEnd(19) : cell.padStart(12))).join("");
  const show = (value: number | null, digits?: number): string =>
    value === null ? "-" : value.toFixed(digits ?? (value < 100 ? 1 : 0));
  return [
    line(["engine", "", "cronduit", "bare BullMQ", "ratio", "lowest", "highest"]),
    ...Object.entries(told.engines).flatMap(([engine, figures]) =>
      (Object.keys(FIGURES) as Figure[]).map((figure, i) => {
        const { cronduit, bullmq, ratio } = figures[figure];
        const ratios = [ratio.median, ratio.lowest, ratio.highest].map((value) => show(value, 2));
        return line([
          i === 0 ? engine : "",
          FIGURES[figure],
          show(cronduit),
          show(bullmq),
          ...ratios,
        ]);
      }),
    ),
    `medians of up to ${told.rounds} rounds in ${told.seconds} s; concurrency ${told.concurrency}; servers that write nothing to the disk`,
    `Node ${told.node}, ${told.processors} x ${told.processor}, load ${told.load.join(" ")}`,
  ].join("\n");
}
