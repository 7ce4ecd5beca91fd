import { setTimeout as wait } from "node:timers/promises";
import type { Bench } from "./measure/bench.ts";
import { measureWindow, pickFigures, WINDOW_FIGURES } from "./measure/window.ts";
import { playOnRedis, SIDES } from "./sides/stage.ts";

const JOBS = 1_000;
const EVERY_MS = 100;
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
1,000 jobs with an interval of 100 ms in one process that schedules and works: 10,000 runs are due each second, more than it
can do. What cannot run in time is accounted for by cronduit (\`coalesce\`), and left out by Job Schedulers.`,
  figures: pickFigures(FIGURES, WINDOW_FIGURES),
  sides: SIDES,
  async play(options) {
    const seconds = options.quick ? 1 : (options.seconds ?? 8);
    return playOnRedis(options, { rounds: 5 }, async ({ redis, run }) => {
      const both = await run("both");
      await both.call("start");
      const times = { everyMs: EVERY_MS, firstAt: Date.now(), spreadMs: EVERY_MS };
      await both.call("add", { name: "job", count: JOBS, ...times });
      await wait(Math.min(3_000, seconds * 500));
      return pickFigures(FIGURES, await measureWindow(redis, [both], seconds));
    });
  },
};
