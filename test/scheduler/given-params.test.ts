import { expect, test } from "vitest";
import { z } from "zod";
import { silentLogger } from "../../src/core/log.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";

const Send = defineJob({
  name: "send",
  params: z.object({ to: z.string(), auth: z.object({ key: z.string().meta({ secret: true }) }) }),
  run: async () => undefined,
});

test("who writes back what was read does not replace a secret by its mask", async () => {
  await using scheduler = new PipelineScheduler({
    connection: "memory:",
    pipelines: [Send],
    worker: false,
    logger: silentLogger,
  });
  const params = { to: "a", auth: { key: "k-123" } };
  const job = await scheduler.addJob(Send, { id: "send", trigger: "manual", params });
  const read = job.params as typeof params;
  expect(read).toEqual({ to: "a", auth: { key: "[secret]" } });
  const refused = {
    code: "INVALID_PARAMS",
    message: expect.stringContaining('The secret param "key" is "[secret]"') as string,
  };
  await expect(scheduler.modifyJob("send", { params: read })).rejects.toMatchObject(refused);
  await expect(scheduler.overrideJob("send", { params: read })).rejects.toMatchObject(refused);
  await expect(scheduler.runJob("send", { params: read })).rejects.toMatchObject(refused);
  await expect(
    scheduler.addJob(Send, { id: "copy", trigger: "manual", params: read }),
  ).rejects.toMatchObject(refused);
  // A text that is no secret may be anything.
  await scheduler.modifyJob("send", { params: { ...params, to: "[secret]" } });
});
