import type { Bench } from "./measure/bench.ts";
import { playOnRedis, SIDES } from "./sides/measured-side.ts";

const JOBS = { "10,000 jobs": 10_000, "100,000 jobs": 100_000 } as const;
const QUICK_JOBS = 500;
const DAY_MS = 86_400_000;

export const bench: Bench = {
  title: "Declaring jobs",
  about: `
Declares that many daily jobs: with one \`addJobs\`, and with one \`upsertJobScheduler\` each, 200 in flight at once. Then
another process declares all of them again, as processes do when they start. Nothing is due in any round.`,
  figures: {
    first: { label: "jobs/s", better: "more" },
    firstCpu: { label: "client CPU, µs a job", better: "less" },
    firstServerCpu: { label: "server CPU, µs a job", better: "less" },
    memory: { label: "Redis memory, bytes a job", better: "less" },
    again: { label: "declared again, jobs/s", better: "more" },
    againCpu: { label: "declared again, client CPU, µs a job", better: "less" },
    againServerCpu: { label: "declared again, server CPU, µs a job", better: "less" },
  },
  sides: SIDES,
  async play(options) {
    const parts = Object.keys(JOBS);
    return playOnRedis(options, { rounds: 3, parts }, async ({ redis, run }, part) => {
      const count = options.quick ? QUICK_JOBS : JOBS[part as keyof typeof JOBS];
      const times = { everyMs: DAY_MS, firstAt: Date.now() + DAY_MS, spreadMs: DAY_MS / 2 };
      const declare = async () => {
        const scheduler = await run("schedules");
        await scheduler.call("start");
        const before = await redis.read();
        await scheduler.call("begin", { dueFrom: 0 });
        const ms = await scheduler.call("add", { name: "job", count, ...times });
        const { cpuUs } = await scheduler.call("end");
        const after = await redis.read();
        await scheduler[Symbol.asyncDispose]();
        return {
          perSecond: count / (ms / 1_000),
          cpu: cpuUs / count,
          serverCpu: (after.cpuUs - before.cpuUs) / count,
          memory: (after.memoryBytes - before.memoryBytes) / count,
        };
      };
      const first = await declare();
      const again = await declare();
      return {
        first: first.perSecond,
        firstCpu: first.cpu,
        firstServerCpu: first.serverCpu,
        memory: first.memory,
        again: again.perSecond,
        againCpu: again.cpu,
        againServerCpu: again.serverCpu,
      };
    });
  },
};
