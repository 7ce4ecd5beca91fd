import { setTimeout as wait } from "node:timers/promises";
import type { Bench } from "./measure/bench.ts";
import { playOnRedis, SIDES } from "./sides/measured-side.ts";

const JOBS = { "500 jobs": 500, "5,000 jobs": 5_000 } as const;
const HOUR_MS = 3_600_000;
/** For each job, to add it; more at each further try, on a machine that is too slow. */
const LEAD_MS = 2;
const TRIES = 4;
/** By then all have begun, or never will. */
const LIMIT_MS = 60_000;

export const bench: Bench = {
  title: "Many jobs due in one instant",
  about: `
That many hourly jobs become due in the same millisecond, in one process that schedules and works and was idle before.`,
  figures: {
    lastMs: { label: "until the last began, ms", better: "less" },
    lateP50: { label: "late by, p50, ms", better: "less" },
    lateP99: { label: "late by, p99, ms", better: "less" },
    cpu: { label: "worker CPU, µs a run", better: "less" },
  },
  sides: SIDES,
  async play(options) {
    const parts = Object.keys(JOBS);
    return playOnRedis(options, { rounds: 5, parts }, async ({ redis, run }, part) => {
      const count = JOBS[part as keyof typeof JOBS];
      for (let tried = 1; tried <= TRIES; tried += 1) {
        await redis.clear();
        const both = await run("both");
        await both.call("start");
        const firstAt = Date.now() + 500 + LEAD_MS * tried * count;
        const jobs = { name: "job", count, everyMs: HOUR_MS, firstAt, spreadMs: 0 };
        await both.call("add", jobs);
        const leftMs = firstAt - Date.now();
        if (leftMs > 200) {
          await wait(leftMs - 150);
          await both.call("begin", { dueFrom: firstAt });
          const all = await both.call("reach", { runs: count, limitMs: LIMIT_MS });
          const { lateP50, lateP99, lastAt, cpuUs, runs } = await both.call("end");
          if (!all) throw new Error(`only ${runs} of ${part} ran within ${LIMIT_MS} ms`);
          return { lastMs: lastAt - firstAt, lateP50, lateP99, cpu: cpuUs / count };
        }
        await both[Symbol.asyncDispose]();
      }
      throw new Error(`${part} could not be added in time`);
    });
  },
};
