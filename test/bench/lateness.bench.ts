import { setTimeout as wait } from "node:timers/promises";
import type { Bench } from "./measure/bench.ts";
import { measureWindow, pickFigures, WINDOW_FIGURES } from "./measure/window.ts";
import { playOnRedis, SIDES } from "./sides/measured-side.ts";

const EVERY_MS = 1_000;
const FIGURES = [
  "lateP50",
  "lateP99",
  "lateMost",
  "workerCpuPerSecond",
  "serverCpuPerSecond",
  "commandsPerSecond",
] as const;

export const bench: Bench = {
  title: "Lateness on an idle worker",
  about: `
One job, once a second, in a process with nothing else to do: how long after its due time each run began. A round has as many
runs as seconds (40 by default), so its p99 is the latest or next to it.`,
  figures: pickFigures(FIGURES, WINDOW_FIGURES),
  sides: SIDES,
  async play(options) {
    const seconds = options.quick ? 3 : (options.seconds ?? 40);
    return playOnRedis(options, { rounds: 3 }, async ({ redis, run }) => {
      const both = await run("both");
      await both.call("start");
      // Far from a whole second, when other programs on a machine like to wake up.
      const firstAt = Math.ceil(Date.now() / 1_000) * 1_000 + 437;
      const job = { name: "job", count: 1, everyMs: EVERY_MS, firstAt, spreadMs: 0 };
      await both.call("add", job);
      await wait(2_000);
      return pickFigures(FIGURES, await measureWindow(redis, [both], seconds));
    });
  },
};
