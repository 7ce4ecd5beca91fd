// What applying job files relies on holds on each engine: documents, a lease, jobs of a source, and their removal.
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, inject, test } from "vitest";
import { JobFiles } from "../../src/config.ts";
import { listSources } from "../../src/config/file-sources.ts";
import { PipelineScheduler } from "../../src/index.ts";
import { partsOf } from "../../src/scheduler/pipeline-scheduler.ts";
import { createTasks } from "../../src/tasks.ts";
import { silent } from "../helpers/silent.ts";

const root: string = mkdtempSync(join(tmpdir(), "cronduit-engines-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const JOBS = 250;

describe.each([
  ["memory", (): string => "memory:"],
  ["redis", (): string => inject("redisUrl")],
  ["postgres", (): string => inject("postgresUrl")],
  ["embedded", (): string => `embedded://${join(root, "state")}`],
] as const)("%s", (name, connection) => {
  test("many jobs are applied, changed, refused and removed", async (): Promise<void> => {
    const jobs = join(root, name);
    mkdirSync(jobs, { mode: 0o755 });
    function write(i: number, more: object = {}): void {
      const task = { type: "execute_command", command: "true" };
      const job = { job_id: `${name}-${i}`, schedule: "0 8 * * *", task, ...more };
      writeFileSync(join(jobs, `${i}.json`), JSON.stringify(job), { mode: 0o644 });
    }
    for (let i = 0; i < JOBS; i += 1) write(i);
    await using scheduler = new PipelineScheduler({
      connection: connection(),
      prefix: `files_${randomUUID().slice(0, 8)}`,
      worker: false,
      logger: silent,
      pipelines: Object.values(createTasks()),
    });
    const told: string[] = [];
    await scheduler.start();
    scheduler.on("JOB_FILES", ({ by, reason, count }) => told.push(`${by.id} ${reason} ${count}`));
    await using files = new JobFiles({ scheduler, source: name, jobsDirs: [jobs] });
    expect(await files.start()).toMatchObject({ kind: "applied", added: JOBS, failed: [] });
    write(0, { schedule: "30 8 * * *" });
    write(1, { description: "new" });
    rmSync(join(jobs, "2.json"));
    expect(await files.check()).toMatchObject({
      kind: "applied",
      added: 0,
      changed: 2,
      removed: 1,
    });
    write(3, { schedule: "x" });
    expect(await files.check()).toMatchObject({ kind: "rejected" });
    const engine = partsOf(scheduler)?.engine;
    const [source] = engine ? await listSources(engine) : [];
    expect(source).toMatchObject({
      source: name,
      accepted: { state: "applied", count: JOBS - 1, failed: [] },
      rejected: { errors: 1, problems: [{ file: join(jobs, "3.json") }] },
      readers: [{ pid: process.pid, digest: null }],
      isInConflict: false,
    });
    expect(await scheduler.countJobs({ source: `file:${name}` })).toMatchObject({
      total: JOBS - 1,
    });
    // Of each set, its pieces and no others are kept.
    const pieces = await engine?.documents.list(`files/piece/${name}/`, undefined, 1_000);
    expect(pieces?.documents).toHaveLength(4);
    rmSync(jobs, { recursive: true });
    mkdirSync(jobs, { mode: 0o755 });
    expect(await files.check()).toMatchObject({ kind: "applied", removed: JOBS - 1, jobs: 0 });
    await expect
      .poll(() => told, { timeout: 30_000 })
      .toEqual([
        `${name} applied ${JOBS}`,
        `${name} applied 3`,
        `${name} rejected 1`,
        `${name} applied ${JOBS - 1}`,
      ]);
  }, 120_000);
});
