// Pipelines whose params can execute code: who may create and change their jobs.
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { definePipeline, Pipeline, PipelineScheduler } from "../../src/index.ts";
import { describePipeline } from "../../src/pipeline/pipeline-definition.ts";
import type { ActingScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { silent } from "../helpers/silent.ts";

class Shell extends Pipeline.with(z.object({ line: z.string() })) {
  static override readonly executesCode = true;
  run(): void {}
}
class SubShell extends Shell {}
class Quiet extends Pipeline {
  run(): void {}
}

const scheduler = new PipelineScheduler({
  pipelines: [Shell, SubShell, Quiet],
  logger: silent,
  worker: false,
});
const ana = { kind: "user", id: "ana", role: "admin" } as const;
const without = scheduler.as(ana);
const allowed = scheduler.as({ ...ana, commands: true });
const hourly = { trigger: "interval", hours: 1 } as const;
const params = { line: "ls" };

beforeAll(async () => {
  await scheduler.addJob(Shell, { id: "shell", ...hourly, params });
});
afterAll(() => scheduler.shutdown());

type Call = (on: ActingScheduler) => Promise<unknown>;

async function stateOf(): Promise<string> {
  let text = "";
  for await (const line of scheduler.exportState({ drain: 0 })) text += line;
  await scheduler.resume();
  return text;
}

const REFUSED: Readonly<Record<string, Call>> = {
  addJob: (on) => on.addJob(Shell, { id: "other", ...hourly, params }),
  "addJob by name": (on) => on.addJob("Shell", { id: "other2", ...hourly, params }),
  "addJob of a subclass": (on) => on.addJob(SubShell, { id: "other3", ...hourly, params }),
  addJobs: (on) =>
    on.addJobs([
      { pipeline: Quiet, options: { id: "quiet", ...hourly } },
      { pipeline: "Shell", options: { id: "other4", ...hourly, params } },
    ]),
  schedule: (on) => on.schedule("every 3 hours", Shell, params),
  replace: (on) =>
    on.addJob(Shell, { id: "shell", trigger: "manual", params, replaceExisting: true }),
  modifyJob: (on) => on.modifyJob("shell", { description: "mine" }),
  rescheduleJob: (on) => on.rescheduleJob("shell", { trigger: "interval", hours: 2 }),
  overrideJob: (on) => on.overrideJob("shell", { params: { line: "rm" } }),
  clearOverride: (on) => on.clearOverride("shell"),
  "runJob with params": (on) => on.runJob("shell", { params: { line: "rm" } }),
  backfill: (on) => on.backfill("shell", { from: new Date(0), to: new Date(1) }),
  importState: async (on) => on.importState(await stateOf(), { onConflict: "skip" }),
};

test.each(Object.entries(REFUSED))("%s is for those with `commands` only", async (_, call) => {
  const before = await scheduler.getJobs({ order: "id" });
  await expect(call(without)).rejects.toMatchObject({
    code: "NOT_ALLOWED",
    message: expect.stringContaining("allowCommands") as string,
  });
  expect(await scheduler.getJobs({ order: "id" })).toEqual(before);
  await call(allowed);
});

test("pausing, resuming, running and removing such a job executes what somebody else wrote", async () => {
  await scheduler.addJob(Shell, { id: "plain", ...hourly, params });
  await without.pauseJob("plain");
  await without.resumeJob("plain");
  await without.runJob("plain");
  await without.removeJob("plain");
  expect(await scheduler.getJob("plain")).toBeUndefined();
});

test("the mark is inherited, may be taken back, and must be a boolean", () => {
  expect(describePipeline(SubShell).executesCode).toBe(true);
  expect(describePipeline(Quiet).executesCode).toBeUndefined();
  expect(describePipeline(SubShell, { executesCode: false }).executesCode).toBeUndefined();
  class Marked extends Pipeline {
    run(): void {}
  }
  definePipeline(Marked, { executesCode: true });
  expect(describePipeline(Marked).executesCode).toBe(true);
  expect(() => describePipeline(Marked, { executesCode: "yes" as never })).toThrow(/executesCode/);
});
