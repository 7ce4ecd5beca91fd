import { EventEmitter, once } from "node:events";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JobFiles } from "../../src/config.ts";
import { PipelineScheduler } from "../../src/index.ts";
import { createTasks } from "../../src/tasks.ts";
import { startRedis } from "../helpers/redis-server.ts";
import { silent } from "../helpers/silent.ts";
import type { Bench, Sample } from "./measure/bench.ts";
import { quantile } from "./measure/statistics.ts";

const REDIS = "cronduit on Redis";
const EMBEDDED = "cronduit in a folder";
const FILES = 10_000;

/** A file of the folder, changed so that its job runs at another minute. */
function write(folder: string, i: number, minute: number): void {
  const path = join(folder, `job-${i}.json`);
  const task = { type: "execute_command", command: `echo ${i}` };
  const job = { job_id: `job-${i}`, schedule: `${minute} ${i % 24} * * *`, task };
  // As editors do.
  writeFileSync(`${path}.tmp`, JSON.stringify(job, null, 2), { mode: 0o644 });
  renameSync(`${path}.tmp`, path);
}

interface Asked {
  readonly connection: string;
  readonly files: number;
  readonly changes: number;
}

/** One folder, from the first look to the last of some changes, each seen in the stored job. */
async function watchFolder({ connection, files, changes }: Asked): Promise<Sample["figures"]> {
  const folder = mkdtempSync(join(tmpdir(), "cronduit-bench-files-"));
  mkdirSync(join(folder, "jobs.d"), { mode: 0o755 });
  const jobs = join(folder, "jobs.d");
  for (let i = 0; i < files; i += 1) write(jobs, i, 0);
  const scheduler = new PipelineScheduler({
    connection,
    worker: false,
    logger: silent,
    pipelines: Object.values(createTasks()),
  });
  const watched = new JobFiles({ scheduler, jobsDirs: [jobs] });
  const heard = new EventEmitter();
  watched.on("outcome", ({ kind }) => heard.emit(kind));
  try {
    let from = performance.now();
    await watched.start();
    const firstMs = performance.now() - from;
    from = performance.now();
    await watched.check();
    const lookMs = performance.now() - from;
    const times: number[] = [];
    for (let change = 0; change < changes; change += 1) {
      const i = (change * 7_919) % files;
      const applied = once(heard, "applied");
      const began = performance.now();
      write(jobs, i, 1 + (change % 59));
      await applied;
      times.push(performance.now() - began);
      const job = await scheduler.getJob(`job-${i}`);
      if (!JSON.stringify(job?.trigger).includes(`"minute":"${1 + (change % 59)}"`))
        throw new Error(`job-${i} is not as its file says`);
    }
    return {
      firstMs,
      lookMs,
      p50Ms: quantile(times, 0.5),
      p95Ms: quantile(times, 0.95),
    };
  } finally {
    await watched.close();
    await scheduler.shutdown();
    rmSync(folder, { recursive: true, force: true });
  }
}

export const bench: Bench = {
  title: "Job files",
  about: `
A folder of 10,000 JSON files with a job each: until all are stored, when the folder is read for the first time; then a look at a folder in which
nothing changed; then files that are replaced one after another, as editors do it, each until the job is stored as the file says.`,
  figures: {
    firstMs: { label: "all applied at first, ms", better: "less" },
    lookMs: { label: "look at what did not change, ms", better: "less" },
    p50Ms: { label: "one changed, in effect, p50, ms", better: "less" },
    p95Ms: { label: "one changed, in effect, p95, ms", better: "less" },
  },
  sides: [REDIS, EMBEDDED],
  async play({ quick, rounds, sides, say }) {
    const samples: Sample[] = [];
    const asked = { files: quick ? 300 : FILES, changes: quick ? 5 : 60 };
    for (let round = 1; round <= (quick ? 1 : (rounds ?? 3)); round += 1)
      for (const side of sides) {
        say(`files, round ${round}: ${side}`);
        const figures = side === REDIS ? await onRedis(asked) : await inFolder(asked);
        samples.push({ part: `${asked.files} files`, side, round, figures });
      }
    return samples;
  },
};

async function onRedis(asked: Omit<Asked, "connection">): Promise<Sample["figures"]> {
  await using redis = await startRedis();
  return await watchFolder({ ...asked, connection: redis.url });
}

async function inFolder(asked: Omit<Asked, "connection">): Promise<Sample["figures"]> {
  const state = mkdtempSync(join(tmpdir(), "cronduit-bench-state-"));
  try {
    return await watchFolder({ ...asked, connection: `embedded://${join(state, "state")}` });
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}
