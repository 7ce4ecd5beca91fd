import { setTimeout as wait } from "node:timers/promises";
import type { Bench } from "./measure/bench.ts";
import { measureWindow, pickFigures, WINDOW_FIGURES } from "./measure/window.ts";
import { playOnRedis, SIDES } from "./sides/measured-side.ts";

const JOBS = 100_000;
const QUICK_JOBS = 1_000;
const DAY_MS = 86_400_000;
const FIGURES = ["workerCpuPerSecond", "serverCpuPerSecond", "commandsPerSecond"] as const;

export const bench: Bench = {
  title: "Doing nothing",
  about: `
100,000 jobs are stored and none is due for a day. One process that schedules and works, and did not add them, waits.`,
  figures: pickFigures(FIGURES, WINDOW_FIGURES),
  sides: SIDES,
  async play(options) {
    const seconds = options.quick ? 2 : (options.seconds ?? 20);
    return playOnRedis(options, { rounds: 3 }, async ({ redis, run }) => {
      const scheduler = await run("schedules");
      await scheduler.call("start");
      const count = options.quick ? QUICK_JOBS : JOBS;
      const times = { everyMs: DAY_MS, firstAt: Date.now() + DAY_MS, spreadMs: DAY_MS / 2 };
      await scheduler.call("add", { name: "job", count, ...times });
      await scheduler[Symbol.asyncDispose]();
      const both = await run("both");
      await both.call("start");
      await wait(seconds * 100);
      return pickFigures(FIGURES, await measureWindow(redis, [both], seconds));
    });
  },
};
