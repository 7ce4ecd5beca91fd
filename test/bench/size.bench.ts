import { setTimeout as wait } from "node:timers/promises";
import type { Bench } from "./measure/bench.ts";
import { measureWindow, pickFigures, WINDOW_FIGURES } from "./measure/window.ts";
import { playOnRedis, SIDES } from "./sides/measured-side.ts";

const JOBS = { "1,000 jobs": 1_000, "10,000 jobs": 10_000, "100,000 jobs": 100_000 } as const;
const HUGE = { "1,000,000 jobs": 1_000_000 } as const;
const ALL: Readonly<Record<string, number>> = { ...JOBS, ...HUGE };
/** Of these, so many are due each minute. */
const FIRING = 1_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WINDOW = ["workerCpu", "serverCpu", "commands", "lateP50", "lateP99"] as const;

export const bench: Bench = {
  title: "Cost against size",
  about: `
Stores that many jobs, of which 1,000 run once a minute, spread over it, and the others are not due for a day. Another
process then starts, schedules and works. The cost of a run includes what an idle process costs: at 17 runs a second that is a good part of it.
\`--huge\` adds a million jobs.`,
  figures: {
    ...pickFigures(WINDOW, WINDOW_FIGURES),
    memory: { label: "Redis memory, bytes a job", better: "less" },
    startMs: { label: "start of a process, ms", better: "less" },
  },
  sides: SIDES,
  async play(options) {
    const seconds = options.quick ? 2 : (options.seconds ?? 30);
    const parts = options.quick ? ["1,000 jobs"] : Object.keys(options.huge ? ALL : JOBS);
    return playOnRedis(options, { rounds: 3, parts }, async ({ redis, run }, part) => {
      const stored = ALL[part] ?? 0;
      const empty = await redis.read();
      const scheduler = await run("schedules");
      await scheduler.call("start");
      const times = { everyMs: DAY_MS, firstAt: Date.now() + DAY_MS, spreadMs: DAY_MS / 2 };
      if (stored > FIRING)
        await scheduler.call("add", { name: "still", count: stored - FIRING, ...times });
      const often = { everyMs: MINUTE_MS, firstAt: Date.now() + 5_000, spreadMs: MINUTE_MS };
      await scheduler.call("add", { name: "often", count: FIRING, ...often });
      const filled = await redis.read();
      await scheduler[Symbol.asyncDispose]();
      const both = await run("both");
      const startMs = await both.call("start");
      await wait(Math.max(0, often.firstAt - Date.now()) + 1_000);
      return {
        ...pickFigures(WINDOW, await measureWindow(redis, [both], seconds)),
        memory: (filled.memoryBytes - empty.memoryBytes) / stored,
        startMs,
      };
    });
  },
};
