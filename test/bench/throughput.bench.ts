import { setTimeout as wait } from "node:timers/promises";
import { BARE, type Bench, type BenchOptions, CRONDUIT, type Sample } from "./measure/bench.ts";
import { MeasuredRedis } from "./measure/redis-reading.ts";
import { playRounds } from "./measure/rounds.ts";
import { buildPackage, SideProcess } from "./sides/side-process.ts";
import type { Place } from "./sides/side.ts";

const JOBS = 1_000;
const EVERY_MS = 100;
const CONCURRENCY = 50;

async function measure(
  redis: MeasuredRedis,
  side: Place["side"],
  seconds: number,
  options: BenchOptions,
): Promise<Sample["figures"]> {
  await redis.clear();
  const place: Place = { side, connection: redis.url, concurrency: CONCURRENCY, role: "both" };
  await using worker = await SideProcess.start(place, options.profile);
  await worker.call("start");
  const firstAt = Date.now();
  const jobs = { name: "job", count: JOBS, everyMs: EVERY_MS, firstAt, spreadMs: EVERY_MS };
  await worker.call("add", jobs);
  await wait(Math.min(3_000, seconds * 500));
  const before = await redis.read();
  await worker.call("begin", { dueFrom: 0 });
  await wait(seconds * 1_000);
  const counted = await worker.call("end");
  const after = await redis.read();
  const { runs } = counted;
  if (runs === 0) throw new Error(`${side} ran nothing`);
  return {
    perSecond: runs / (counted.elapsedMs / 1_000),
    workerCpu: counted.cpuUs / runs,
    serverCpu: (after.cpuUs - before.cpuUs) / runs,
    commands: (after.commands - before.commands) / runs,
    scripts: (after.scripts - before.scripts) / runs,
    reads: (after.reads - before.reads) / runs,
    lateP50: counted.lateP50,
    lateP99: counted.lateP99,
  };
}

export const bench: Bench = {
  title: "Throughput",
  about: `${JOBS.toLocaleString("en")} interval jobs of ${EVERY_MS} ms each in one process that schedules and works: 10,000 runs are due each second, more
than it can do. The pipeline does nothing, the concurrency is ${CONCURRENCY}. What can't run in time is accounted for by cronduit
(\`coalesce\`) and left out by Job Schedulers.`,
  figures: {
    perSecond: { label: "runs/s", better: "more" },
    workerCpu: { label: "worker CPU, µs a run", better: "less" },
    serverCpu: { label: "server CPU, µs a run", better: "less" },
    commands: { label: "server commands a run, in scripts too", better: "less" },
    scripts: { label: "script calls a run", better: "less" },
    reads: { label: "socket reads of the server a run", better: "less" },
    lateP50: { label: "late by, p50, ms", better: "less" },
    lateP99: { label: "late by, p99, ms", better: "less" },
  },
  sides: [CRONDUIT, BARE],
  async play(options) {
    const seconds = options.quick ? 1 : (options.seconds ?? 8);
    const rounds = options.quick ? 1 : (options.rounds ?? 5);
    buildPackage();
    await using redis = await MeasuredRedis.start();
    const { sides, say } = options;
    return await playRounds({ count: rounds, parts: [""], sides, say }, (_, side) =>
      measure(redis, side === CRONDUIT ? CRONDUIT : BARE, seconds, options),
    );
  },
};
