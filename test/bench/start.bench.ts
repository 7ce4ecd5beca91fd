import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { outputOf, track } from "../helpers/children.ts";
import { PostgresServer } from "../helpers/postgres-server.ts";
import { startRedis } from "../helpers/redis-server.ts";
import type { Bench, Sample } from "./measure/bench.ts";
import { playRounds } from "./measure/rounds.ts";
import { buildPackage } from "./measure/build-package.ts";

const MEMORY = "cronduit in memory";
const SIDES = [MEMORY, "Redis", "PostgreSQL", "new folder", "existing folder"] as const;
const ENTRY = new URL("../../dist/index.js", import.meta.url).href;
const PROGRAM = fileURLToPath(new URL("./start/first-run.mjs", import.meta.url));
/** Starting PostgreSQL in a new folder takes seconds, and a minute on a machine that is drowning. */
const LIMIT_MS = 180_000;

const toldSchema = z.object({ figures: z.record(z.string(), z.number()) });

/** One process, from its start to its end. */
async function firstRun(connection: string | undefined): Promise<Sample["figures"]> {
  const args = [PROGRAM, ENTRY, ...(connection === undefined ? [] : [connection])];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
  });
  track(child, "first-run.mjs");
  const output = outputOf(child);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`a process ended with ${code}: ${output()}`);
  return toldSchema.parse(JSON.parse(output().split("\n").at(-1) ?? "")).figures;
}

export const bench: Bench = {
  title: "Start",
  about: `
From nothing to the first run, each time in a new process: importing the package as published; then \`start()\`, \`addJob\` with a date that
is due at once, until its pipeline begins. Memory is the resident set, over that of the same process before the import: after it, after the run, and at its highest.
The servers run already, and their schemas exist. A new folder is empty, so a whole database is made in it; an existing one was used by a process before.
Before there was the engine in memory, PostgreSQL in WebAssembly was what ran without a connection: 4.3 s of processor time, and 747 MB over bare Node.js.`,
  figures: {
    importMs: { label: "import, ms", better: "less" },
    importCpuMs: { label: "import, CPU, ms", better: "less" },
    startMs: { label: "start to first run, ms", better: "less" },
    startCpuMs: { label: "start to first run, CPU, ms", better: "less" },
    importMb: { label: "memory when imported, MB", better: "less" },
    runMb: { label: "memory after the run, MB", better: "less" },
    peakMb: { label: "memory at its highest, MB", better: "less" },
  },
  sides: SIDES,
  async play({ quick, rounds, sides, say }) {
    buildPackage();
    await using redis = await startRedis();
    await using postgres = await PostgresServer.start();
    const folder = await mkdtemp(join(tmpdir(), "cronduit-start-"));
    let folders = 0;
    const connections: Readonly<Record<string, () => string | undefined>> = {
      Redis: () => redis.url,
      PostgreSQL: () => postgres.url,
      "new folder": () => `embedded://${join(folder, `new-${(folders += 1)}`)}`,
      "existing folder": () => `embedded://${join(folder, "existing")}`,
    };
    const play = (side: string): Promise<Sample["figures"]> => firstRun(connections[side]?.());
    try {
      // Not counted: makes schemas and the folder, and brings files into the system's cache.
      for (const side of sides) await play(side);
      const count = quick ? 1 : (rounds ?? 7);
      return await playRounds({ count, parts: [""], sides, say }, (_, side) => play(side));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
