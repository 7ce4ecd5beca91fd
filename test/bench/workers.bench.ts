import { setTimeout as wait } from "node:timers/promises";
import type { Bench } from "./measure/bench.ts";
import { measureWindow, pickFigures, WINDOW_FIGURES } from "./measure/window.ts";
import { playOnRedis, SIDES } from "./sides/measured-side.ts";

const JOBS = 1_000;
const EVERY_MS = 100;
const WORKERS = { "2 workers": 2, "4 workers": 4 } as const;
const FIGURES = ["perSecond", "workerCpu", "serverCpu", "commands", "lateP50", "lateP99"] as const;

export const bench: Bench = {
  title: "Several workers",
  about: `
The load of [throughput](#throughput) on two and on four worker processes; one more process adds the jobs and watches over
them. Processor time is that of all workers together. Without more processors than workers, they take time from each
other and from the server.`,
  figures: pickFigures(FIGURES, WINDOW_FIGURES),
  sides: SIDES,
  async play(options) {
    const seconds = options.quick ? 1 : (options.seconds ?? 8);
    const parts = Object.keys(WORKERS);
    return playOnRedis(options, { rounds: 3, parts }, async ({ redis, run }, part) => {
      const scheduler = await run("schedules");
      await scheduler.call("start");
      const count = WORKERS[part as keyof typeof WORKERS];
      const workers = await Promise.all(Array.from({ length: count }, () => run("works")));
      await Promise.all(workers.map((worker) => worker.call("start")));
      const times = { everyMs: EVERY_MS, firstAt: Date.now(), spreadMs: EVERY_MS };
      await scheduler.call("add", { name: "job", count: JOBS, ...times });
      await wait(Math.min(3_000, seconds * 500));
      return pickFigures(FIGURES, await measureWindow(redis, workers, seconds));
    });
  },
};
