// Job files on the disk become jobs of a fleet, as a whole or not at all, and stay so while the files change.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { JobFiles, type FilesOutcome } from "../../src/config.ts";
import { PipelineScheduler } from "../../src/index.ts";
import { createTasks } from "../../src/tasks.ts";
import { silent } from "../helpers/silent.ts";

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "cronduit-files-"));
  folders.push(made);
  mkdirSync(join(made, "jobs.d"), { mode: 0o755 });
  return made;
};
afterEach(() => {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true, force: true });
});

const job = (id: string, schedule = "0 8 * * *", command = "echo hi"): string =>
  JSON.stringify({ job_id: id, schedule, task: { type: "execute_command", command } });

function fleet() {
  return new PipelineScheduler({
    worker: false,
    logger: silent,
    pipelines: Object.values(createTasks()),
  });
}

function files(scheduler: PipelineScheduler, root: string): JobFiles {
  return new JobFiles({ scheduler, jobsDirs: [join(root, "jobs.d")] });
}

/** The next outcome of a kind. */
function next(watched: JobFiles, kind: FilesOutcome["kind"]): Promise<FilesOutcome> {
  return new Promise((resolve) =>
    watched.on("outcome", (outcome) => {
      if (outcome.kind === kind) resolve(outcome);
    }),
  );
}

test("files become jobs; what changes, comes and goes follows", async () => {
  const root = folder();
  const write = (name: string, text: string) => writeFileSync(join(root, "jobs.d", name), text);
  write("a.json", job("a"));
  write("b.json", job("b"));
  await using scheduler = fleet();
  await using watched = files(scheduler, root);
  const first = await watched.start();
  expect(first).toMatchObject({ kind: "applied", added: 2, changed: 0, removed: 0, problems: [] });
  const a = await scheduler.getJob("a");
  expect(a).toMatchObject({ source: "file:files", pipeline: "command" });
  const applied = next(watched, "applied");
  write("a.json", job("a", "30 8 * * *"));
  write("tmp", job("c"));
  renameSync(join(root, "jobs.d", "tmp"), join(root, "jobs.d", "c.json"));
  expect(await applied).toMatchObject({ added: 1, changed: 1 });
  expect((await scheduler.getJob("a"))?.schedule).toContain("08:30");
  const gone = next(watched, "applied");
  rmSync(join(root, "jobs.d", "b.json"));
  expect(await gone).toMatchObject({ removed: 1, removedIds: ["b"] });
  expect(await scheduler.getJob("b")).toBeUndefined();
});

test("a set with an error changes nothing, and is told once, in place", async () => {
  const root = folder();
  const write = (name: string, text: string) => writeFileSync(join(root, "jobs.d", name), text);
  write("a.json", job("a"));
  await using scheduler = fleet();
  await using watched = files(scheduler, root);
  const outcomes: FilesOutcome[] = [];
  watched.on("outcome", (outcome) => outcomes.push(outcome));
  await watched.start();
  write("b.json", job("b"));
  write("a.json", job("a", "61 8 * * *"));
  const rejected = await watched.check();
  expect(rejected).toMatchObject({
    kind: "rejected",
    problems: [
      { file: join(root, "jobs.d", "a.json"), line: 1, column: 27, code: "INVALID_TRIGGER" },
    ],
  });
  expect(await watched.check()).toEqual(rejected);
  expect(await scheduler.getJob("b")).toBeUndefined();
  expect((await scheduler.getJob("a"))?.schedule).toContain("08:00");
  write("a.json", job("a"));
  expect(await watched.check()).toMatchObject({ kind: "applied", added: 1, changed: 0 });
  // Whoever listens hears each once.
  expect(outcomes.map(({ kind }) => kind)).toEqual(["applied", "rejected", "applied"]);
  // Another way to write the same is no change.
  write("a.json", `\n\n${job("a")}\n`);
  expect(await watched.check()).toMatchObject({ kind: "unchanged", jobs: 2 });
});

test("a folder that is missing is no empty one; an empty one has no jobs", async () => {
  const root = folder();
  writeFileSync(join(root, "jobs.d", "a.json"), job("a"));
  await using scheduler = fleet();
  await using watched = files(scheduler, root);
  await watched.start();
  renameSync(join(root, "jobs.d"), join(root, "away"));
  expect(await watched.check()).toMatchObject({
    kind: "rejected",
    problems: [{ code: "MISSING_FOLDER" }],
  });
  expect(await scheduler.getJob("a")).toBeDefined();
  mkdirSync(join(root, "jobs.d"), { mode: 0o755 });
  expect(await watched.check()).toMatchObject({ kind: "applied", removed: 1, jobs: 0 });
  expect((await scheduler.getJobs()).jobs).toEqual([]);
  // The folder that took its place is watched as the first one was.
  const applied = next(watched, "applied");
  writeFileSync(join(root, "jobs.d", "b.json"), job("b"));
  expect(await applied).toMatchObject({ addedIds: ["b"] });
});

test("jobs of code, of the API and of other sources are never taken over or removed", async () => {
  const root = folder();
  const other = folder();
  await using scheduler = fleet();
  const params = { command: ["true"] };
  await scheduler.addJob("command", { id: "code", trigger: "manual", params });
  writeFileSync(join(other, "jobs.d", "x.json"), job("theirs"));
  await using theirs = new JobFiles({
    scheduler,
    source: "theirs",
    jobsDirs: [join(other, "jobs.d")],
  });
  await theirs.start();
  await using watched = files(scheduler, root);
  expect(await watched.start()).toMatchObject({ kind: "applied", jobs: 0, removed: 0 });
  writeFileSync(join(root, "jobs.d", "a.json"), job("code"));
  writeFileSync(join(root, "jobs.d", "b.json"), job("theirs"));
  writeFileSync(join(root, "jobs.d", "c.json"), job("mine"));
  const { kind, problems } = await watched.check();
  expect(kind).toBe("rejected");
  expect(problems.map(({ code, message }) => [code, message])).toEqual([
    ["ID_TAKEN", 'Job "code" is declared by code already.'],
    [
      "ID_TAKEN",
      `Job "theirs" is declared by the files of source "theirs" already, in ${join(other, "jobs.d", "x.json")}:1.`,
    ],
  ]);
  const { jobs } = await scheduler.getJobs();
  expect(jobs.map(({ id, source }) => `${id} ${source}`).toSorted()).toEqual([
    "code code",
    "theirs file:theirs",
  ]);
  // Even somebody who did not look first.
  const asFile = scheduler.as({ kind: "file", id: "files" });
  await expect(
    asFile.addJob("command", { id: "code", trigger: "manual", params, replaceExisting: true }),
  ).rejects.toMatchObject({ code: "CONFLICTING_ID" });
});

test("what only the fleet knows is told at the job's place", async () => {
  const root = folder();
  const toml = [
    "[jobs.one]",
    'pipeline = "nobody"',
    'schedule = "@daily"',
    "[jobs.two]",
    'pipeline = "command"',
    "params = { command = 7 }",
    'schedule = "@daily"',
    "[jobs.three]",
    'type = "BASH"',
    'command = "x"',
    'schedule = "@daily"',
    'calendars = ["holidays"]',
    "[jobs.four]",
    'type = "BASH"',
    'command = "x"',
    'schedule = "@daily"',
    'condition = "five.last_run_successful"',
    'condition_policy = { wait = "1h" }',
    "[jobs.five]",
    'type = "BASH"',
    'command = "x"',
    'schedule = "@daily"',
    'condition = "four.last_run_successful"',
    'condition_policy = { wait = "1h" }',
  ].join("\n");
  writeFileSync(join(root, "jobs.toml"), toml);
  await using scheduler = fleet();
  await using watched = new JobFiles({ scheduler, config: join(root, "jobs.toml") });
  const { kind, problems } = await watched.start();
  expect(kind).toBe("rejected");
  expect(problems.map(({ line, code }) => [line, code])).toEqual([
    [1, "UNKNOWN_PIPELINE"],
    [4, "INVALID_PARAMS"],
    [8, "INVALID_TRIGGER"],
    [19, "INVALID_CONDITION"],
  ]);
});

test("a date that is past when it is first seen is missed, with a warning, and never a run", async () => {
  const root = folder();
  const path = join(root, "jobs.d", "a.json");
  writeFileSync(path, job("old", "2020-01-01T00:00:00Z", "exit 3"));
  await using scheduler = new PipelineScheduler({
    logger: silent,
    pipelines: Object.values(createTasks()),
  });
  await scheduler.start();
  const missed = new Promise((resolve) => scheduler.on("JOB_MISSED", resolve));
  await using watched = files(scheduler, root);
  expect(await watched.start()).toMatchObject({
    kind: "applied",
    problems: [{ code: "PAST_DATE", severity: "warning" }],
  });
  await missed;
  const { runs } = await scheduler.getRuns("old");
  expect(runs.map(({ verdict }) => verdict)).toEqual(["missed"]);
});

test("processes that read a source differently are told so, and neither has its way", async () => {
  const [here, there] = [folder(), folder()];
  const prefix = "conflict";
  await using scheduler = new PipelineScheduler({
    worker: false,
    logger: silent,
    prefix,
    pipelines: Object.values(createTasks()),
  });
  for (const root of [here, there]) writeFileSync(join(root, "jobs.d", "a.json"), job("a"));
  await using one = files(scheduler, here);
  await using two = files(scheduler, there);
  expect(await one.start()).toMatchObject({ kind: "applied" });
  expect(await two.start()).toMatchObject({ kind: "unchanged" });
  const [told, toldToo] = [next(one, "conflict"), next(two, "conflict")];
  writeFileSync(join(there, "jobs.d", "a.json"), job("a", "45 8 * * *"));
  expect(await told).toMatchObject({ code: "CONFIG_CONFLICT", readers: [{ pid: process.pid }] });
  expect(await toldToo).toMatchObject({ code: "CONFIG_CONFLICT" });
  expect((await scheduler.getJob("a"))?.schedule).toContain("08:00");
  const agreed = Promise.race([next(one, "applied"), next(two, "applied")]);
  writeFileSync(join(here, "jobs.d", "a.json"), job("a", "45 8 * * *"));
  expect(await agreed).toMatchObject({ changed: 1 });
  expect((await scheduler.getJob("a"))?.schedule).toContain("08:45");
}, 60_000);

test("an override stays, whatever the files say below it", async () => {
  const root = folder();
  const path = join(root, "jobs.d", "a.json");
  writeFileSync(path, job("a"));
  await using scheduler = fleet();
  await using watched = files(scheduler, root);
  await watched.start();
  await scheduler.overrideJob("a", { paused: { reason: "incident" } });
  writeFileSync(path, job("a", "45 8 * * *"));
  expect(await watched.check()).toMatchObject({ kind: "applied", changed: 1 });
  expect(await scheduler.getJob("a")).toMatchObject({ state: "paused", pausedReason: "incident" });
  await scheduler.clearOverride("a");
  expect(await scheduler.getJob("a")).toMatchObject({ state: "active" });
  expect((await scheduler.getJob("a"))?.schedule).toContain("08:45");
});

test("jobs that somebody removed are there again with the next start, and the changes say who", async () => {
  const root = folder();
  writeFileSync(join(root, "jobs.d", "a.json"), job("a"));
  await using scheduler = fleet();
  await using first = files(scheduler, root);
  await first.start();
  await scheduler.removeJob("a");
  expect(await first.check()).toMatchObject({ kind: "unchanged" });
  await first.close();
  await using second = files(scheduler, root);
  expect(await second.start()).toMatchObject({ kind: "applied", addedIds: ["a"] });
  const { changes } = await scheduler.getChanges({ jobId: "a" });
  expect(changes[0]).toMatchObject({ what: "added", by: { kind: "file", id: "files" } });
});
