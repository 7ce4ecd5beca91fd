// Overrides as users of the scheduler see them.
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Pipeline, PipelineScheduler } from "../../src/index.ts";
import { createTestScheduler } from "../../src/testing.ts";

const seen: unknown[] = [];

class Report extends Pipeline.with(
  z.object({ region: z.string(), token: z.string().meta({ secret: true }) }),
) {
  async run({ params }: this["Context"]) {
    seen.push(params);
  }
}

const declared = { region: "eu", token: "declared-token" };
const other = { region: "us", token: "overriding-token" };

describe("overrideJob of a scheduler", () => {
  test("secrets are masked wherever params are shown, those that are in effect and those below", async () => {
    await using t = await createTestScheduler({
      pipelines: [Report],
      now: "2026-03-01T12:00:00Z",
    });
    await t.addJob(Report, { id: "report", trigger: "daily", at: "13:00", params: declared });
    const job = await t.overrideJob<typeof Report>("report", { params: other });
    const page = await t.getJobs();
    for (const shown of [job, await t.getJob("report"), page.jobs[0]]) {
      expect(JSON.stringify(shown)).not.toMatch(/declared-token|overriding-token/);
      expect(shown?.params).toMatchObject({ region: "us" });
      expect(shown?.declared?.params).toMatchObject({ region: "eu" });
      expect(shown?.overrides?.params).toMatchObject({ by: { kind: "code" }, until: null });
    }
  });

  test("changes tell who overrode what, and what of it is secret is masked there too", async () => {
    await using t = await createTestScheduler({ pipelines: [Report], now: "2026-03-01T12:00:00Z" });
    await t.addJob(Report, { id: "report", trigger: "daily", at: "13:00", params: declared });
    const ada = t.as({ kind: "user", id: "ada", role: "admin" }, "incident 7");
    await ada.overrideJob<typeof Report>("report", { params: other, paused: true, until: "1h" });
    await t.modifyJob<typeof Report>("report", {
      params: { region: "cn", token: "declared-token-2" },
      maxInstances: 2,
    });
    await t.clearOverride("report", "params");
    const { changes } = await t.getChanges({ jobId: "report" });
    expect(changes.map(({ what, by }) => `${what} ${by.kind}`)).toEqual([
      "override-removed code",
      "modified code",
      "overridden user",
      "added code",
    ]);
    const fields = changes.map(({ differences }) => differences.map(({ field }) => field));
    expect(fields[2]?.toSorted()).toEqual([
      "overrides.params",
      "overrides.paused",
      "params.region",
      "params.token",
      "state",
    ]);
    expect(fields[1]?.toSorted()).toEqual([
      "declared.params.region",
      "declared.params.token",
      "maxInstances",
    ]);
    expect(JSON.stringify(changes)).not.toMatch(/-token/);
    expect(await t.getJob("report")).toMatchObject({ pausedReason: "incident 7" });
  });

  test("it ends when it is to end, not when somebody looks", async () => {
    await using t = await createTestScheduler({
      pipelines: [Report],
      now: "2026-03-01T12:00:00Z",
    });
    await t.addJob(Report, {
      id: "report",
      trigger: "interval",
      minutes: 1,
      startDate: "2026-03-01T12:00:00Z",
      params: declared,
    });
    await t.overrideJob("report", { paused: { reason: "incident 7" }, until: "90s" });
    await t.overrideJob<typeof Report>("report", { params: other, until: "2026-03-01T12:03:30Z" });
    seen.length = 0;
    await t.advanceTo("2026-03-01T12:05:00Z");
    const runs = await t.getRuns("report");
    const told = runs.runs
      .toReversed()
      .map((run) => `${run.startedAt?.toISOString().slice(14, 19) ?? "-"} ${run.verdict}`);
    expect(told).toEqual([
      "- skipped",
      "- skipped",
      "02:00 succeeded",
      "03:00 succeeded",
      "04:00 succeeded",
      "05:00 succeeded",
    ]);
    expect(seen.map((params) => (params as typeof declared).region)).toEqual([
      "us",
      "us",
      "eu",
      "eu",
    ]);
    expect(await t.getJob("report")).not.toHaveProperty("overrides");
  });

  test("it moves with the state, and ends at the new place", async () => {
    await using source = new PipelineScheduler({ pipelines: [Report], worker: false });
    await source.addJob(Report, { id: "report", trigger: "daily", at: "13:00", params: declared });
    await source.overrideJob<typeof Report>("report", {
      params: other,
      schedule: { trigger: "manual" },
      until: "3650 days",
    });
    await source.overrideJob("report", { paused: { reason: "for a moment" }, until: "50ms" });
    let text = "";
    for await (const line of source.exportState({ resume: true })) text += line;
    await using target = new PipelineScheduler({
      pipelines: [Report],
      worker: false,
      reconcile: 0.1,
    });
    await target.importState(text);
    await target.start();
    const ends = async () => Object.keys((await target.getJob("report"))?.overrides ?? {});
    await expect.poll(ends, { timeout: 20_000 }).toEqual(["schedule", "params"]);
    expect(await target.getJob("report")).toMatchObject({
      state: "active",
      params: { region: "us" },
      declared: { params: { region: "eu" }, schedule: { trigger: { kind: "cron" } } },
    });
  });

  test("a fixture tells nothing of who overrides, why, and with what", async () => {
    await using source = new PipelineScheduler({ pipelines: [Report], worker: false });
    await source.addJob(Report, { id: "report", trigger: "manual", params: declared });
    await source.overrideJob<typeof Report>("report", {
      paused: { reason: "because of Ada" },
      params: other,
    });
    const [by] = [(await source.getJob("report"))?.overrides?.params?.by.id ?? "nobody"];
    let text = "";
    for await (const line of source.exportState({ mask: "all" })) text += line;
    expect(text).toContain('"overrides"');
    for (const word of ["Ada", "token-", "-token", '"eu"', '"us"', `"${by}"`])
      expect(text).not.toContain(word);
    await using target = new PipelineScheduler({ pipelines: [Report], worker: false });
    expect(await target.importState(text, { allowMasked: true })).toMatchObject({ jobs: 1 });
  });

  test("params that don't match the pipeline's schema are refused", async () => {
    await using scheduler = new PipelineScheduler({ pipelines: [Report], worker: false });
    await scheduler.addJob(Report, { id: "report", trigger: "manual", params: declared });
    const wrong = { region: 7 } as unknown as typeof declared;
    await expect(scheduler.overrideJob("report", { params: wrong })).rejects.toMatchObject({
      code: "INVALID_PARAMS",
    });
    await expect(scheduler.overrideJob("none", { paused: true })).rejects.toMatchObject({
      code: "JOB_NOT_FOUND",
    });
    await expect(scheduler.clearOverride("none")).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
    const part = "state" as "paused";
    await expect(scheduler.clearOverride("report", part)).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  });
});
