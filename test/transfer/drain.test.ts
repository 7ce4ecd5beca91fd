// An export stands still before it reads, and leaves the fleet as it found it when it does not come to its end.
import { randomUUID } from "node:crypto";
import { describe, expect, inject, test, vi } from "vitest";
import { lineLogger, Pipeline, PipelineScheduler, type RunContext } from "../../src/index.ts";
import type { ExportOptions } from "../../src/scheduler/transfer/export-options.ts";

const held: (() => void)[] = [];

class Held extends Pipeline {
  async run({ signal }: RunContext) {
    await new Promise<void>((resolve) => {
      held.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    signal.throwIfAborted();
    return { attempt: 1 };
  }
}

function schedulerOf(prefix: string, more: object = {}): PipelineScheduler {
  return new PipelineScheduler({
    connection: inject("redisUrl"),
    prefix,
    pipelines: [Held],
    logger: lineLogger("error"),
    ...more,
  });
}

/** A fleet with an executing run. */
async function busyFleet(): Promise<{
  scheduler: PipelineScheduler;
  prefix: string;
  runId: string;
}> {
  const prefix = `drain-${randomUUID()}`;
  const scheduler = schedulerOf(prefix);
  await scheduler.start();
  await scheduler.addJob(Held, { id: "job", trigger: "interval", hours: 1 });
  held.length = 0;
  const runId = await scheduler.runJob("job");
  await vi.waitUntil(() => held.length > 0, { timeout: 20_000 });
  return { scheduler, prefix, runId };
}

async function read(scheduler: PipelineScheduler, options: ExportOptions = {}): Promise<string> {
  let text = "";
  for await (const line of scheduler.exportState(options)) text += line;
  return text;
}

describe("an export", () => {
  test("waits for what runs, and the fleet is paused afterwards", async () => {
    const { scheduler, runId } = await busyFleet();
    await using _ = scheduler;
    const reading = read(scheduler);
    await expect.poll(() => scheduler.isPaused(), { timeout: 20_000 }).toBe(true);
    held[0]?.();
    const rows = (await reading).split("\n").filter((line) => line.includes('"kind":"ledger"'));
    expect(rows.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { jobId: "job", row: { id: runId, state: "succeeded" } },
    ]);
    expect(await scheduler.isPaused()).toBe(true);
  });

  test("names the runs that do not end in time, and the fleet goes on as before", async () => {
    const { scheduler, runId } = await busyFleet();
    await using _ = scheduler;
    await expect(read(scheduler, { drain: 0.3 })).rejects.toMatchObject({
      code: "RUNS_UNFINISHED",
      data: { runIds: [runId], drainMs: 300 },
    });
    expect(await scheduler.isPaused()).toBe(false);
    await scheduler.pause();
    await expect(read(scheduler, { drain: 0 })).rejects.toThrow(runId);
    expect(await scheduler.isPaused()).toBe(true);
    held[0]?.();
  });

  test("that is aborted or not read to its end leaves the fleet as it was", async () => {
    const { scheduler } = await busyFleet();
    await using _ = scheduler;
    const abort = new AbortController();
    const aborted = read(scheduler, { signal: abort.signal });
    await expect.poll(() => scheduler.isPaused(), { timeout: 20_000 }).toBe(true);
    abort.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    expect(await scheduler.isPaused()).toBe(false);
    held[0]?.();
    for await (const line of scheduler.exportState()) {
      expect(line).toContain('"cronduit":"state"');
      expect(await scheduler.isPaused()).toBe(true);
      break;
    }
    expect(await scheduler.isPaused()).toBe(false);
  });

  test("can let the fleet go on, which stays paused if it was before", async () => {
    await using scheduler = schedulerOf(`drain-${randomUUID()}`, { worker: false });
    await scheduler.addJob("Held", { id: "job", trigger: "interval", hours: 1 });
    await read(scheduler, { resume: true });
    expect(await scheduler.isPaused()).toBe(false);
    await scheduler.pause();
    await read(scheduler, { resume: true });
    expect(await scheduler.isPaused()).toBe(true);
  });

  test.each([
    ["a job is changed", (scheduler: PipelineScheduler) => scheduler.pauseJob("job"), /changed/],
    ["the fleet is resumed", (scheduler: PipelineScheduler) => scheduler.resume(), /resumed/],
  ])("in which %s fails", async (_, meddle, problem) => {
    await using scheduler = schedulerOf(`drain-${randomUUID()}`, { worker: false });
    await scheduler.addJob("Held", { id: "job", trigger: "interval", hours: 1 });
    const meddled = async (): Promise<void> => {
      const lines = scheduler.exportState()[Symbol.asyncIterator]();
      await lines.next();
      await meddle(scheduler);
      while (!(await lines.next()).done);
    };
    await expect(meddled()).rejects.toMatchObject({ code: "INVALID_STATE", message: problem });
    expect(await scheduler.isPaused()).toBe(false);
  });

  test("of an option that is unknown fails before anything is done", async () => {
    await using scheduler = schedulerOf(`drain-${randomUUID()}`, { worker: false });
    expect(() => scheduler.exportState({ drian: 1 } as ExportOptions)).toThrow(/drian/);
    await expect(scheduler.importState("", { onConflict: "replace" as "skip" })).rejects.toThrow(
      /onConflict/,
    );
    expect(await scheduler.isPaused()).toBe(false);
  });
});

test("a run that its worker gave back goes on where it is moved to, as the next attempt", async () => {
  const { scheduler, prefix, runId } = await busyFleet();
  await scheduler.shutdown({ wait: false });
  await using source = schedulerOf(prefix, { worker: false });
  await using target = schedulerOf(`${prefix}-moved`);
  expect(await target.importState(source.exportState())).toMatchObject({ jobs: 1, requests: 0 });
  held.length = 0;
  await target.start();
  await vi.waitUntil(() => held.length > 0, { timeout: 20_000 });
  held[0]?.();
  await expect
    .poll(async () => (await target.getRun(runId)).verdict, { timeout: 20_000 })
    .toBe("succeeded");
  expect(await target.getRun(runId)).toMatchObject({ attempt: 2, trigger: "manual" });
}, 60_000);
