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
