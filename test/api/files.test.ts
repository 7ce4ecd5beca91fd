// Job files over HTTP: what they would change, applying them, and what the fleet knows of their sources.
import { expect, test } from "vitest";
import { createApi } from "../../src/api.ts";
import { PipelineScheduler } from "../../src/index.ts";
import { createTasks } from "../../src/tasks.ts";
import { silent } from "../helpers/silent.ts";
import { AccountsFleet } from "./accounts-fleet.ts";
import { callApi } from "./call-api.ts";

const file = (id: string, more: object = {}) => ({
  file: `jobs.d/${id}.json`,
  kind: "json",
  content: JSON.stringify({
    job_id: id,
    schedule: "0 8 * * *",
    task: { type: "execute_command", command: "true" },
    ...more,
  }),
});

function open() {
  const scheduler = new PipelineScheduler({
    worker: false,
    logger: silent,
    pipelines: Object.values(createTasks()),
  });
  const api = createApi({ scheduler });
  const local = api.as({ kind: "cli", id: "ana" });
  const post = async (path: string, body: object) => {
    const answer = await callApi(local, path, { method: "POST", body });
    return { ...answer, body: answer.body as Record<string, never> };
  };
  return { scheduler, api, local, post };
}

test("files are compared, applied and pruned", async () => {
  const { scheduler, local, post } = open();
  await using _ = scheduler;
  const files = [
    file("report", { timezone: "Europe/Berlin" }),
    file("legacy", { schedule: "*/30 * * * *" }),
    file("refresh", { condition: "legacy.last_run_successful" }),
  ];
  const first = await post("/files/diff", { files });
  expect(first.body).toMatchObject({ isValid: true, added: 3, changed: 0, removed: 0 });
  expect((await callApi(local, "/files")).body).toEqual({ items: [] });
  const tried = await post("/files/apply", { files, dryRun: true });
  expect(tried.body).toMatchObject({ kind: "applied", dryRun: true, added: 3 });
  expect((await scheduler.getJobs()).jobs).toEqual([]);
  expect((await post("/files/apply", { files })).body).toMatchObject({ kind: "applied", added: 3 });
  expect((await post("/files/apply", { files })).body).toMatchObject({ kind: "unchanged" });
  expect((await callApi(local, "/files")).body).toMatchObject({
    items: [
      {
        source: "files",
        accepted: { count: 3, state: "applied", note: "by cli ana", failed: [] },
        rejected: null,
        readers: [],
        isInConflict: false,
      },
    ],
  });

  await scheduler.overrideJob("report", { paused: { reason: "incident" }, until: "2h" });
  const changed = [
    file("report", { timezone: "Europe/Berlin", schedule: "30 8 * * 1-5" }),
    file("refresh", { condition: "legacy.last_run_successful" }),
    file("cleanup", { schedule: "15 3 * * 0" }),
  ];
  const { body: diff } = await post("/files/diff", { files: changed, prune: true });
  expect(diff).toMatchObject({ added: 1, changed: 1, removed: 1, needCare: 1 });
  const [report, cleanup, legacy] = diff["changes"] as unknown as Record<string, never>[];
  expect(report).toMatchObject({
    kind: "changed",
    file: "jobs.d/report.json",
    line: 1,
    before: { timezone: "Europe/Berlin" },
    overrides: [{ part: "paused", by: { kind: "code" } }],
  });
  // Whatever day it is: of five days, at weekends none runs any more, and others are half an hour later.
  const kinds = (report?.["runs"] as unknown as { kind: string }[]).map(({ kind }) => kind);
  expect(new Set(kinds).has("moved")).toBe(true);
  expect(kinds).not.toContain("same");
  expect(kinds).not.toContain("added");
  expect(cleanup).toMatchObject({ kind: "added", before: null, needsCare: false });
  expect(legacy).toMatchObject({
    kind: "removed",
    jobId: "legacy",
    file: "jobs.d/legacy.json",
    after: null,
    silenced: { runsInAWeek: 336, lastSuccessAt: null, waitedForBy: ["refresh"] },
    needsCare: true,
  });
  // Without prune, what is not there stays.
  const kept = await post("/files/apply", { files: changed });
  expect(kept.body).toMatchObject({ kind: "applied", added: 1, changed: 1, removed: 0 });
  expect(await scheduler.getJob("legacy")).toBeDefined();
  const pruned = await post("/files/apply", { files: changed, prune: true });
  expect(pruned.body).toMatchObject({ kind: "applied", added: 0, changed: 0, removed: 1 });
  expect(await scheduler.getJob("legacy")).toBeUndefined();
});

test("a set with an error is refused whole, with the place", async () => {
  const { scheduler, post } = open();
  await using _ = scheduler;
  const files = [file("a"), file("b", { schedule: "61 8 * * *" })];
  for (const path of ["/files/diff", "/files/apply"])
    expect((await post(path, { files })).body).toMatchObject({
      added: 0,
      problems: [{ file: "jobs.d/b.json", line: 1, column: 27, code: "INVALID_TRIGGER" }],
    });
  expect((await scheduler.getJobs()).jobs).toEqual([]);
});

test.each([
  [["role:admin"], 200],
  [["user:root"], 200],
  [["user:somebody"], 403],
  [[], 403],
])(
  "with allowCommands %j, an administrator's files are answered %d",
  async (allowCommands, status) => {
    await using fleet = new AccountsFleet({ allowCommands });
    await fleet.addUser("root", { role: "admin" });
    const as = await fleet.jwtOf("root");
    const body = { files: [] };
    const answer = await fleet.call("/files/apply", { method: "POST", body, as });
    expect(answer.status).toBe(status);
  },
);

test("a source whose name is none is refused", async () => {
  const { scheduler, post } = open();
  await using _ = scheduler;
  const answer = await post("/files/apply", { source: "a/b", files: [] });
  expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_OPTION" } });
});
