// A part of a fleet: some jobs with what their conditions need, or the history from some time on.
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { lineLogger, Pipeline, PipelineScheduler, type RunContext } from "../../src/index.ts";
import type { StateHeader } from "../../src/jobs/state-header.ts";
import type { StateRecord } from "../../src/jobs/state-record.ts";
import type { ExportOptions } from "../../src/scheduler/transfer/export-options.ts";
import { CheckedState } from "../../src/scheduler/transfer/checked-state.ts";
import { storeLogs } from "../../src/scheduler/transfer/import-logs.ts";
import { connectionOf, type Kind, KINDS, openEngine } from "./engines.ts";

class Count extends Pipeline {
  async run({ step, log }: RunContext) {
    for (let line = 0; line < 1_200; line += 1) log.info(`line ${line}`, { line });
    return step("count", async () => 1);
  }
}

function schedulerOn(kind: Kind): PipelineScheduler {
  return new PipelineScheduler({
    connection: connectionOf(kind),
    prefix: `part-${randomUUID().slice(0, 8)}`,
    pipelines: [Count],
    logger: lineLogger("error"),
  });
}

/** A state, parsed. */
async function stateOf(scheduler: PipelineScheduler, options: ExportOptions) {
  let text = "";
  for await (const line of scheduler.exportState({ resume: true, ...options })) text += line;
  const [header, ...records] = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  return { text, header: header as StateHeader, records: records as StateRecord[] };
}

function jobsOf(records: readonly StateRecord[]): string[] {
  return records
    .flatMap((record) => (record.kind === "job" ? record.definition.id : []))
    .toSorted();
}

describe.each(KINDS)("on %s", (kind) => {
  test("some jobs come with those that their conditions ask about, and can be imported", async () => {
    await using source = schedulerOn(kind);
    await source.start();
    const add = (id: string, condition?: string) =>
      source.addJob(Count, { id, trigger: "manual", ...(condition ? { condition } : {}) });
    await add("load");
    await add("check", "load.last_run_successful");
    await add("nightly", "check.last_run_successful or not gone.running");
    await add("other", "nightly.never_ran");
    await add("removed");
    await source.runJob("removed", { wait: "1m" });
    await source.removeJob("removed");
    const { text, header, records } = await stateOf(source, { jobs: ["nightly"] });
    expect(jobsOf(records)).toEqual(["check", "load", "nightly"]);
    expect(records.filter((record) => record.kind === "removed-job")).toEqual([]);
    expect(header.partial?.jobs?.toSorted()).toEqual(["check", "load", "nightly"]);
    expect(header.masked).toBeUndefined();

    await using target = schedulerOn(kind);
    expect(await target.importState(text)).toMatchObject({ jobs: 3 });
    await target.start();
    await target.runJob("load", { wait: "1m" });
    expect(await target.runJob("check", { wait: "1m" })).toMatchObject({ verdict: "succeeded" });

    const masked = await stateOf(source, { jobs: ["check"], mask: ["ids"] });
    expect(masked.header.partial?.jobs?.toSorted()).toEqual(jobsOf(masked.records));
    expect(masked.text).not.toMatch(/check|load/);
  }, 60_000);

  test("history from some time on has the runs since then, with their steps", async () => {
    await using source = schedulerOn(kind);
    await source.start();
    await source.addJob(Count, { id: "count", trigger: "manual" });
    const first = await source.runJob("count", { wait: "1m" });
    const second = await source.runJob("count", { wait: "1m" });
    const runsIn = (records: readonly StateRecord[]) =>
      records.flatMap((record) =>
        record.kind === "ledger" ? record.row.id : record.kind === "step" ? record.runId : [],
      );
    const all = await stateOf(source, {});
    expect(runsIn(all.records).toSorted()).toEqual(
      [first.id, first.id, second.id, second.id].toSorted(),
    );
    expect(all.header.partial).toBeUndefined();
    const since = second.fireTime;
    const part = await stateOf(source, { since });
    expect(runsIn(part.records)).toEqual([second.id, second.id]);
    expect(part.header.partial).toEqual({ since: since.toISOString() });
    await using target = schedulerOn(kind);
    expect(await target.importState(part.text)).toMatchObject({ ledgerRows: 1, steps: 1 });
    expect((await target.getRuns("count")).runs.map(({ id }) => id)).toEqual([second.id]);
  }, 60_000);
});

test.each(KINDS)(
  "on %s logs are moved if that is asked for, and once",
  async (kind) => {
    await using source = schedulerOn(kind);
    await source.start();
    await source.addJob(Count, {
      id: "count",
      trigger: "manual",
      maxInstances: 2,
      logs: { maxBytes: 1e6 },
    });
    const runs = [1, 2].map(() => source.runJob("count", { wait: "1m" }));
    const ids = (await Promise.all(runs)).map(({ id }) => id);
    const logsOn = async (scheduler: PipelineScheduler) =>
      Promise.all(ids.map(async (id) => (await scheduler.getLogs(id, { limit: 10_000 })).lines));
    const [first = [], second = []] = await logsOn(source);
    expect([first.length, second.length]).toEqual([1_200, 1_200]);
    expect((await stateOf(source, {})).text).not.toContain('"kind":"log"');
    const { text, records } = await stateOf(source, { logs: true });
    expect(records.filter(({ kind: of }) => of === "log")).toHaveLength(6);

    await using target = schedulerOn(kind);
    expect(await target.importState(text)).toMatchObject({ logLines: 2_400 });
    expect(await logsOn(target)).toEqual([first, second]);
    // As after a crash in the middle of a log.
    const engine = await openEngine(kind, `part-${randomUUID()}`);
    try {
      const [runId = ""] = ids;
      const lines = first.slice(0, 700).map(({ time, level, message, attempt, fields }) => ({
        at: time.getTime(),
        level,
        message,
        attempt,
        fields,
      }));
      const retention = { runs: 10, ageMs: 60_000 };
      await engine.logs.append([{ jobId: "count", runId, lines, maxBytes: 1e6, retention }]);
      await using state = await CheckedState.read(text);
      const place = { queue: undefined, skipped: new Set<string>() };
      for (let i = 0; i < 2; i += 1) await storeLogs(engine, state, place);
      const page = await engine.logs.read({
        jobId: "count",
        runId,
        after: undefined,
        limit: 9_999,
      });
      expect(page.lines.map(({ message }) => message)).toEqual(first.map(({ message }) => message));
    } finally {
      await engine.close();
    }
  },
  60_000,
);

test("what can't be selected is refused before anything stands still", async () => {
  await using scheduler = schedulerOn("memory");
  await scheduler.addJob(Count, { id: "count", trigger: "manual" });
  await expect(stateOf(scheduler, { jobs: ["count", "cuont"] })).rejects.toMatchObject({
    code: "JOB_NOT_FOUND",
    data: { jobIds: ["cuont"] },
  });
  for (const [options, problem] of [
    [{ jobs: [] }, /jobs/],
    [{ since: "last week" }, /since/],
    [{ mask: ["names"] }, /mask/],
    [{ maskParams: () => 1 }, /maskParams.*needs `mask` with "params"/],
    [{ mask: ["results"], maskParams: () => 1 }, /maskParams/],
    [{ maskKey: "a key of ours" }, /maskKey.*needs `mask`/],
    [{ mask: "all", maskKey: "short" }, /maskKey/],
  ] as const)
    expect(() => scheduler.exportState(options as ExportOptions)).toThrow(problem);
  expect(await scheduler.isPaused()).toBe(false);
});
