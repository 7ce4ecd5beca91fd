// What people write that others read in lists and logs is one line, in every call: names of actors, notes, reasons.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pipeline, PipelineScheduler } from "../../src/index.ts";
import { silent } from "../helpers/silent.ts";

class Work extends Pipeline {
  run(): void {}
}

const scheduler = new PipelineScheduler({ pipelines: [Work], worker: false, logger: silent });
let runId: string;

beforeAll(async () => {
  await scheduler.addJob(Work, { id: "job", trigger: "daily", at: "06:00" });
  runId = await scheduler.runJob("job");
});
afterAll(() => scheduler.shutdown({ wait: false }));

const CALLS: Readonly<Record<string, (text: string) => unknown>> = {
  "as, its id": (id) => scheduler.as({ kind: "cli", id }),
  "as, the id of a user": (id) => scheduler.as({ kind: "user", id, role: "admin" }),
  "as, its note": (note) => scheduler.as({ kind: "cli", id: "ann" }, note),
  "pauseJob, its reason": (reason) => scheduler.pauseJob("job", reason),
  "pauseJob, an option": (reason) => scheduler.pauseJob("job", { reason }),
  pauseJobs: (reason) => scheduler.pauseJobs({ all: true }, { reason }),
  cancelRun: (reason) => scheduler.cancelRun(runId, { reason }),
  overrideJob: (reason) => scheduler.overrideJob("job", { paused: { reason } }),
  skipOccurrence: (reason) => scheduler.skipOccurrence("job", "2030-01-01 06:00", reason),
};

describe.each(Object.entries(CALLS))("%s", (_, call) => {
  test.each([
    ["a line break", "a\nb"],
    ["NUL", "a\0b"],
    ["an escape sequence", "\u001b[31mred"],
    ["a control character above ASCII", "a\u0085b"],
    ["a line separator", "a\u2028b"],
    ["a mark of direction", "a\u202eb"],
    ["half a character", "a\ud800b"],
  ])("refuses %s", async (__, text) => {
    const calling = (async () => await call(text))();
    await expect(calling).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(calling).rejects.toThrow(/can't be printed. Allowed: .* in one line/);
  });

  test("takes letters of all kinds", async () => {
    const calling = (async () => await call("Grüße, \u{1F600} 你好 'x'"))();
    await expect(calling).resolves.not.toThrow();
  });
});
