import { BARE, type BenchOptions, CRONDUIT, type Sample } from "../measure/bench.ts";
import { buildPackage } from "../measure/build-package.ts";
import { MeasuredRedis } from "../measure/redis-reading.ts";
import { playRounds } from "../measure/rounds.ts";
import { type SideProcess, startSide } from "./side-process.ts";
import type { Place } from "./side.ts";

export const SIDES = [CRONDUIT, BARE] as const;
const CONCURRENCY = 50;

/** Where one side is measured: an empty server that nobody else uses meanwhile, and processes on it. */
export interface MeasuredSide {
  readonly redis: MeasuredRedis;
  readonly side: Place["side"];
  /** Starts a process; it is ended when the measurement is over, or before. */
  readonly run: (role: Place["role"]) => Promise<SideProcess>;
}

/** How many rounds, and of what. */
export interface Plan {
  readonly rounds: number;
  readonly parts?: readonly string[];
}

/** Builds the package, starts one server, and measures the sides on it in turns. */
export async function playOnRedis(
  options: BenchOptions,
  { rounds, parts = [""] }: Plan,
  measure: (measured: MeasuredSide, part: string) => Promise<Sample["figures"]>,
): Promise<Sample[]> {
  buildPackage();
  await using redis = await MeasuredRedis.start();
  const count = options.quick ? 1 : (options.rounds ?? rounds);
  const { sides, say, profile } = options;
  return await playRounds({ count, parts, sides, say }, async (part, name) => {
    await redis.clear();
    const side = name === CRONDUIT ? CRONDUIT : BARE;
    const connection = redis.url;
    const processes: SideProcess[] = [];
    const run: MeasuredSide["run"] = async (role) => {
      const place: Place = { side, connection, concurrency: CONCURRENCY, role };
      const started = await startSide(place, profile);
      processes.push(started);
      return started;
    };
    try {
      return await measure({ redis, side, run }, part);
    } finally {
      await Promise.all(processes.map((each) => each[Symbol.asyncDispose]()));
    }
  });
}
