import { expect, test } from "vitest";
import { lineLogger, Pipeline, PipelineScheduler } from "../../src/index.ts";

class Noop extends Pipeline {
  run(): unknown {
    return undefined;
  }
}

test("a rule that is longer than a number may say stays as it is when others are modified", async () => {
  const logger = lineLogger("error");
  await using scheduler = new PipelineScheduler({ pipelines: [Noop], logger, worker: false });
  const long = {
    timeout: "1000s",
    misfireGraceTime: "30d",
    retry: { delay: "2000s", maxDelay: "20d" },
    retention: { age: "5000s" },
    logs: { age: "5000s" },
  };
  await scheduler.addJob(Noop, { id: "job", trigger: "interval", hours: 1, ...long });
  const { policy } = await scheduler.modifyJob("job", { maxInstances: 2 });
  expect(policy).toMatchObject({
    maxInstances: 2,
    timeoutMs: 1_000_000,
    misfireGraceMs: 30 * 86_400_000,
    retry: { delayMs: 2_000_000, maxDelayMs: 20 * 86_400_000 },
  });
});
