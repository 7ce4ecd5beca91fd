import { expect, test } from "vitest";
import { Pipeline } from "../../src/index.ts";
import { createTestScheduler } from "../../src/testing.ts";

class Long extends Pipeline {
  async run({ sleep, log }: this["Context"]): Promise<string> {
    await sleep("90m");
    log.info("woke up");
    return "done";
  }
}

test("whoever acts through a test scheduler moves the time as the test does", async () => {
  await using t = await createTestScheduler({ pipelines: [Long], now: "2027-01-01T00:00Z" });
  await t.addJob(Long, { id: "a", trigger: "manual", owner: "billing" });
  const ada = t.as({ kind: "user", id: "ada", role: "editor", owners: ["billing"] });
  const run = await ada.runJob("a", { wait: true });
  expect(run).toMatchObject({ verdict: "succeeded", result: "done", requestedBy: { id: "ada" } });
  expect(t.now()).toEqual(new Date("2027-01-01T01:30:00Z"));
  const job = await ada.getJob("a");
  await job?.run({ wait: true });
  const deploy = t.as({ kind: "code", id: "deploy" }).as({ kind: "code", id: "script" });
  const runId = await deploy.runJob("a");
  const lines: string[] = [];
  for await (const { message } of deploy.followLogs(runId)) lines.push(message);
  expect(lines).toEqual(["woke up"]);
  expect(t.now().getTime()).toBeGreaterThanOrEqual(Date.parse("2027-01-01T04:30:00Z"));
});
