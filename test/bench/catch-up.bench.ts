import { type Bench, CRONDUIT } from "./measure/bench.ts";
import { playOnRedis, SIDES } from "./sides/measured-side.ts";

const JOBS = 10_000;
const QUICK_JOBS = 200;
const MINUTE_MS = 60_000;
const EVERY_MS = 10 * MINUTE_MS;
const DOWNTIME_MS = 60 * MINUTE_MS;
const OFF = "coalesce off";
/** By then all have run, or never will. */
const LIMIT_MS = 480_000;

export const bench: Bench = {
  title: "Catching up",
  about: `
10,000 jobs with an interval of 10 minutes, and no worker for an hour: six occurrences of each are due when one process
starts. cronduit decides on all 60,000; with \`coalesce\` it runs the latest of each job, without it all of them, those of one job
one after another. A Job Scheduler knows one due time only and runs that; the others are lost, so bare BullMQ's figures
are for 10,000 runs in both cases.
Nobody waits for the hour: \`importState\` brings in the jobs of a stopped fleet, decided up to an hour earlier.`,
  figures: {
    lastS: { label: "until the last began, s", better: "less" },
    runs: { label: "runs", better: "more" },
    perSecond: { label: "runs/s", better: "more" },
    workerCpu: { label: "worker CPU, s in all", better: "less" },
    serverCpu: { label: "server CPU, s in all", better: "less" },
  },
  sides: SIDES,
  async play(options) {
    const parts = ["coalesce on", OFF];
    return playOnRedis(options, { rounds: 3, parts }, async ({ redis, side, run }, part) => {
      const count = options.quick ? QUICK_JOBS : JOBS;
      const scheduler = await run("schedules");
      // They were due ten seconds ago, so not one is due again before all is over.
      const firstAt = Date.now() - 10_000 - DOWNTIME_MS;
      const times = { firstAt, spreadMs: 0, everyMs: EVERY_MS };
      const coalesce = part !== OFF;
      const jobs = { name: "job", count, ...times, coalesce };
      await scheduler.call("addMissed", { jobs, downtimeMs: DOWNTIME_MS });
      await scheduler[Symbol.asyncDispose]();
      const both = await run("both");
      const before = await redis.read();
      await both.call("begin", { dueFrom: 0 });
      const from = performance.timeOrigin + performance.now();
      await both.call("start");
      const runs = side === CRONDUIT && !coalesce ? count * (DOWNTIME_MS / EVERY_MS) : count;
      const all = await both.call("reach", { runs, limitMs: LIMIT_MS });
      const counted = await both.call("end");
      const after = await redis.read();
      if (!all) throw new Error(`${side} ran ${counted.runs} of ${runs} within ${LIMIT_MS} ms`);
      const lastS = (counted.lastAt - from) / 1_000;
      return {
        lastS,
        runs: counted.runs,
        perSecond: counted.runs / lastS,
        workerCpu: counted.cpuUs / 1e6,
        serverCpu: (after.cpuUs - before.cpuUs) / 1e6,
      };
    });
  },
};
