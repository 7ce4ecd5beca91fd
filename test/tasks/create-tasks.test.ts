import { expect, test } from "vitest";
import { z } from "zod";
import { PipelineScheduler } from "../../src/index.ts";
import { describePipeline } from "../../src/pipeline/pipeline-definition.ts";
import { createTasks } from "../../src/tasks.ts";

const tasks = createTasks({ interpreters: { RUBY: "ruby" } });

test("each task is a pipeline by its own name; all but requests execute code", () => {
  const told = Object.entries(tasks).map(([key, task]) => {
    const { name, executesCode } = describePipeline(task);
    return [key, name, executesCode === true];
  });
  expect(told).toEqual([
    ["command", "command", true],
    ["script", "script", true],
    ["http", "http", false],
    ["function", "function", true],
  ]);
});

test("a form can be made of their params", () => {
  const options = { io: "input", unrepresentable: "any" } as const;
  const fields = Object.values(tasks).map((task) => {
    const { properties, required } = z.toJSONSchema(task.params, options);
    return {
      names: Object.keys(properties ?? {}),
      required,
      interpreter: properties?.["interpreter"],
    };
  });
  expect(fields.map(({ required }) => required)).toEqual([
    ["command"],
    ["interpreter", "script"],
    ["url"],
    ["module"],
  ]);
  expect(fields[1]?.interpreter).toMatchObject({
    examples: ["PYTHON", "BASH", "JAVASCRIPT", "RUBY"],
  });
  for (const { names } of fields) expect(names).toContain("timeout");
});

test("they have processes of their own, and take no other", async () => {
  await using scheduler = new PipelineScheduler({ pipelines: Object.values(tasks) });
  const adding = scheduler.addJob(tasks.command, {
    trigger: "interval",
    hours: 1,
    isolate: "process",
    params: { command: ["true"] },
  });
  await expect(adding).rejects.toMatchObject({ code: "MISSING_MODULE" });
});

test("params are checked by the compiler", async () => {
  await using scheduler = new PipelineScheduler({ pipelines: Object.values(tasks) });
  const trigger = { trigger: "interval", hours: 1 } as const;
  // @ts-expect-error A word is missing.
  const missing = scheduler.addJob(tasks.command, { ...trigger, params: { shell: true } });
  await expect(missing).rejects.toMatchObject({ code: "INVALID_PARAMS" });
  // @ts-expect-error A url is text.
  const wrong = scheduler.addJob(tasks.http, { ...trigger, params: { url: 1 } });
  await expect(wrong).rejects.toMatchObject({ code: "INVALID_PARAMS" });
});
