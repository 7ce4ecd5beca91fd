import { setTimeout as wait } from "node:timers/promises";
import type { Bench } from "./measure/bench.ts";
import { measureWindow, pickFigures, WINDOW_FIGURES } from "./measure/window.ts";
import { playOnRedis, SIDES } from "./sides/measured-side.ts";

const EVERY_MS = 100;
/** How many jobs of that interval. */
const JOBS = { "10,000 due a second": 1_000, "20,000 due a second": 2_000 } as const;
const FIGURES = [
  "perSecond",
  "workerCpu",
  "serverCpu",
  "commands",
  "scripts",
  "reads",
  "lateP50",
  "lateP99",
] as const;

export const bench: Bench = {
  title: "Throughput",
  about: `
1,000 jobs with an interval of 100 ms in one process that schedules and works, so 10,000 runs are due each second; and twice
as many, which is more than it can do. cronduit accounts for what cannot run in time (\`coalesce\`); Job Schedulers leave it
out.`,
  figures: pickFigures(FIGURES, WINDOW_FIGURES),
  sides: SIDES,
  async play(options) {
    const seconds = options.quick ? 1 : (options.seconds ?? 8);
    const parts = Object.keys(JOBS);
    return playOnRedis(options, { rounds: 5, parts }, async ({ redis, run }, part) => {
      const both = await run("both");
      await both.call("start");
      const times = { everyMs: EVERY_MS, firstAt: Date.now(), spreadMs: EVERY_MS };
      const count = JOBS[part as keyof typeof JOBS];
      await both.call("add", { name: "job", count, ...times });
      await wait(Math.min(3_000, seconds * 500));
      return pickFigures(FIGURES, await measureWindow(redis, [both], seconds));
    });
  },
};
