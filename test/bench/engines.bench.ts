import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { PostgresServer } from "../helpers/postgres-server.ts";
import { startProgram } from "../helpers/process.ts";
import { startRedis } from "../helpers/redis-server.ts";
import type { Cell, Load, Measured } from "./engines/cell-program.ts";
import { type EngineName, ENGINES, type Place, type Side, SIDES } from "./engines/subject.ts";

/** What the whole may take. No round is begun that would not fit. */
const LIMIT_MS = 225_000;
const MOST_ROUNDS = 5;
const CELL_LIMIT_MS = 90_000;
const CONCURRENCY = 50;

const SERVER_LOAD = { steady: 50, steadyMs: 2_000 };
const EMBEDDED_LOAD: Load = { burst: 200, one: 200, steady: 20, steadyMs: 2_000 };
/** So much that a part takes about a second or two on a machine of today. */
const LOADS: Record<EngineName, Load> = {
  redis: { burst: 2_000, one: 2_000, ...SERVER_LOAD },
  postgres: { burst: 500, one: 500, ...SERVER_LOAD },
  "embedded-memory": EMBEDDED_LOAD,
  "embedded-folder": EMBEDDED_LOAD,
};
const QUICK: Load = { burst: 20, one: 20, steady: 10, steadyMs: 1_000 };

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
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

interface Compared {
  readonly cronduit: number;
  readonly bullmq: number;
  /** cronduit's figure by bare BullMQ's of the same round. */
  readonly ratio: Ratio;
}

interface Result {
  readonly node: string;
  readonly processors: number;
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

let cells = 0;

async function measure(
  engine: EngineName,
  side: Side,
  load: Load,
  at: Backends,
): Promise<Measured> {
  const prefix = `bench_${side}_${(cells += 1)}`;
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
  const cell: Cell = { side, place, load };
  await using program = startProgram("test/bench/engines/cell-program.ts", {
    args: [JSON.stringify(cell)],
  });
  const isMeasured = (message: unknown): message is Measured =>
    typeof message === "object" && message !== null && "burstPerSecond" in message;
  return await program.waitFor(isMeasured, { timeoutMs: CELL_LIMIT_MS });
}

/** Both sides on each engine, the other one first in every second round: what disturbs a machine disturbs both. */
async function playRound(round: number, quick: boolean, at: Backends): Promise<Row[]> {
  const rows: Row[] = [];
  for (const engine of ENGINES) {
    for (const side of round % 2 === 0 ? SIDES.toReversed() : SIDES) {
      const measured = await measure(engine, side, quick ? QUICK : LOADS[engine], at);
      rows.push({ round, engine, side, ...measured });
    }
  }
  return rows;
}

/** Measures this package and bare BullMQ (its Job Schedulers, its queue) on each engine, in turns. */
export async function run({ quick }: { quick: boolean }): Promise<Result> {
  const from = performance.now();
  await using redis = await startRedis();
  await using postgres = await PostgresServer.start();
  const folder = await mkdtemp(join(tmpdir(), "cronduit-bench-"));
  const rows: Row[] = [];
  let round = 0;
  try {
    for (let longestMs = 0; round < (quick ? 1 : MOST_ROUNDS);) {
      const roundFrom = performance.now();
      if (round > 0 && roundFrom - from + longestMs > LIMIT_MS) break;
      round += 1;
      rows.push(
        ...(await playRound(round, quick, { redis: redis.url, postgres: postgres.url, folder })),
      );
      longestMs = Math.max(longestMs, performance.now() - roundFrom);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return {
    node: process.version,
    processors: availableParallelism(),
    concurrency: CONCURRENCY,
    rounds: round,
    seconds: Math.round((performance.now() - from) / 1_000),
    engines: Object.fromEntries(ENGINES.map((engine) => [engine, compare(rows, engine)])),
    rows,
  };
}

function compare(rows: readonly Row[], engine: EngineName): Record<Figure, Compared> {
  const of = (side: Side, figure: Figure): number[] =>
    rows
      .filter((row) => row.engine === engine && row.side === side)
      .map((row) => row[figure] ?? Number.NaN);
  const compared = (figure: Figure): Compared => {
    const bullmq = of("bullmq", figure);
    const ratios = of("cronduit", figure)
      .map((value, i) => value / (bullmq[i] ?? Number.NaN))
      .filter((ratio) => !Number.isNaN(ratio));
    return {
      cronduit: median(of("cronduit", figure)),
      bullmq: median(bullmq),
      ratio: { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) },
    };
  };
  return {
    burstPerSecond: compared("burstPerSecond"),
    onePerSecond: compared("onePerSecond"),
    lateP50: compared("lateP50"),
    lateP99: compared("lateP99"),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** The result as a table. */
export function print(result: unknown): string {
  const { engines, rounds, seconds, node, processors, concurrency } = result as Result;
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i < 2 ? cell.padEnd(19) : cell.padStart(12))).join("");
  const show = (value: number): string => value.toFixed(value < 100 ? 1 : 0);
  return [
    line(["engine", "", "cronduit", "bare BullMQ", "ratio", "lowest", "highest"]),
    ...Object.entries(engines).flatMap(([engine, figures]) =>
      (Object.keys(FIGURES) as Figure[]).map((figure, i) => {
        const { cronduit, bullmq, ratio } = figures[figure];
        const ratios = [ratio.median, ratio.lowest, ratio.highest].map((value) => value.toFixed(2));
        return line([
          i === 0 ? engine : "",
          FIGURES[figure],
          show(cronduit),
          show(bullmq),
          ...ratios,
        ]);
      }),
    ),
    `medians of ${rounds} rounds in ${seconds} s; Node ${node}, ${processors} processors, concurrency ${concurrency}; servers that write nothing to the disk`,
  ].join("\n");
}
