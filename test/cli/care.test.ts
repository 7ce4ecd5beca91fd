// `cronduit doctor`, `migrate` and `move`, by the real program.
import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { runCronduit, temporaryFolder } from "../helpers/cronduit.ts";
import { silent } from "../helpers/silent.ts";

const SLOW = 120_000;
const Report = defineJob({ name: "report", run: async () => undefined });

const prefixOf = (): string => `care_${randomUUID().slice(0, 8)}`;

function open(connection: string, prefix: string): PipelineScheduler {
  return new PipelineScheduler({
    connection,
    prefix,
    pipelines: [Report],
    worker: false,
    logger: silent,
  });
}

test(
  "doctor tells what is wrong with the fleet and with files, and mends rights",
  async () => {
    const [folder, prefix] = [join(temporaryFolder(), "jobs.d"), prefixOf()];
    mkdirSync(folder);
    const file = join(folder, "a.json");
    const job = {
      job_id: "a",
      schedule: "0 3 * * *",
      task: { type: "execute_command", command: "true" },
    };
    writeFileSync(file, JSON.stringify(job));
    chmodSync(file, 0o666);
    await using scheduler = open(inject("redisUrl"), prefix);
    await scheduler.addJob(Report, { id: "daily", trigger: "cron", hour: 3 });
    const words = [
      "doctor",
      "--connection",
      inject("redisUrl"),
      "--prefix",
      prefix,
      "--jobs-dir",
      folder,
    ];
    const ill = await runCronduit(...words);
    expect(ill.output).toMatch(/✓ redis \S+ at/);
    expect(ill.output).toMatch(/✗ queue "default": 1 job, no worker/);
    expect(ill.output).toMatch(/✗ .*a\.json.*chmod go-w/);
    expect(ill.output).toMatch(/2 problems, .*--fix mends 1 of these/);
    expect(ill.code).toBe(1);
    const mended = await runCronduit(...words, "--fix", "-o", "json");
    expect(mended.answers).toEqual([expect.objectContaining({ fixed: 1 })]);
    expect(statSync(file).mode & 0o777).toBe(0o644);
  },
  SLOW,
);

test(
  "migrate says what it applied, and that there is nothing left",
  async () => {
    const words = ["migrate", "--connection", inject("postgresUrl"), "--prefix", prefixOf()];
    const first = await runCronduit(...words);
    expect(first.output).toMatch(/Applied:\n {2}bullmq \d+\n {2}0001_tables/);
    expect(first.code).toBe(0);
    expect((await runCronduit(...words)).output).toMatch(/is up to date\.$/);
    expect(await runCronduit("migrate")).toMatchObject({ code: 5 });
  },
  SLOW,
);

test(
  "move takes everything to another engine, by a file that nobody else reads, and pauses what it leaves",
  async () => {
    const prefix = prefixOf();
    const file = join(temporaryFolder(), "state.ndjson");
    await using source = open(inject("redisUrl"), prefix);
    await source.addJob(Report, { id: "daily", trigger: "cron", hour: 3 });
    const fleet = ["--prefix", prefix];
    const asked = await runCronduit("move", "--from", inject("redisUrl"), "--to", file, ...fleet);
    expect(asked).toMatchObject({ code: 2 });
    expect(asked.output).toContain("NOT_CONFIRMED");
    expect(await source.isPaused()).toBe(false);

    const copied = await runCronduit(
      "move",
      "--from",
      inject("redisUrl"),
      "--to",
      file,
      "--resume",
      "--yes",
      ...fleet,
    );
    expect(copied.code).toBe(0);
    expect(await source.isPaused()).toBe(false);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toContain('"daily"');
    const again = await runCronduit(
      "move",
      "--from",
      inject("redisUrl"),
      "--to",
      file,
      "--yes",
      ...fleet,
    );
    expect(again.output).toMatch(/it is there already/);
    expect(await source.isPaused()).toBe(false);

    const moved = await runCronduit(
      "move",
      "--from",
      inject("redisUrl"),
      "--to",
      inject("postgresUrl"),
      "--yes",
      ...fleet,
    );
    expect(moved.output).toMatch(/Moved: 1 job, /);
    expect(await source.isPaused()).toBe(true);
    await using target = open(inject("postgresUrl"), prefix);
    expect((await target.getJobs()).jobs.map(({ id }) => id)).toEqual(["daily"]);
  },
  SLOW,
);
