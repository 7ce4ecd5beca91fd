import { afterAll, beforeAll, expect, test } from "vitest";
import { TaskFleet } from "./task-fleet.ts";

const MODULE = "./test/tasks/functions.ts";
const URL_OF_IT = new URL("functions.ts", import.meta.url).href;
let fleet: TaskFleet;

beforeAll(async () => {
  fleet = await TaskFleet.open({
    functions: {
      [MODULE]: ["default", "report", "failing", "waiting", "deaf", "notAFunction", "missing"],
      [URL_OF_IT]: ["report"],
    },
  });
});
afterAll(() => fleet[Symbol.asyncDispose]());

test("calls an export with the run's context and its params", async () => {
  const run = await fleet.run("function", {
    module: MODULE,
    export: "report",
    params: { region: "eu" },
  });
  expect(run.error).toBeUndefined();
  expect(run.result).toEqual({
    params: { region: "eu" },
    jobId: run.jobId,
    rows: 3,
    isAborted: false,
  });
  expect(await fleet.lines(run)).toEqual(["info at work"]);
});

test("the default export; a file: URL", async () => {
  expect(await fleet.run("function", { module: MODULE })).toMatchObject({ result: "the default" });
  expect(await fleet.run("function", { module: URL_OF_IT, export: "report" })).toMatchObject({
    verdict: "succeeded",
    result: { params: null },
  });
});

test("what it throws is the run's error", async () => {
  const run = await fleet.run("function", { module: MODULE, export: "failing" });
  expect(run.error).toMatchObject({ name: "RangeError", message: "of no use" });
});

test.each([
  ["waiting", ["info told to stop"]],
  ["deaf", []],
])("its own timeout ends %s", async (name, lines) => {
  const run = await fleet.run("function", { module: MODULE, export: name, timeout: "300ms" });
  expect(run.error).toMatchObject({
    code: "TASK_TIMED_OUT",
    message: "The function took longer than 300ms.",
  });
  expect(await fleet.lines(run)).toEqual(lines);
});

test.each([
  [{ module: "./test/tasks/functoins.ts" }, /module: this module is not configured; did you mean/],
  [{ module: "node:child_process", export: "execSync" }, /this module is not configured/],
  [{ module: MODULE, export: "reprot" }, /export: the export "reprot" .*did you mean "report"\?/],
  [{ module: URL_OF_IT }, /the export "default" of this module is not configured/],
  [{ module: "__proto__" }, /not configured/],
])("only what is configured: %j", async (params, message) => {
  await expect(fleet.add("function", params)).rejects.toMatchObject({
    code: "INVALID_PARAMS",
    message: expect.stringMatching(message) as string,
  });
});

test.each(["notAFunction", "missing"])("an export %s that is no function", async (name) => {
  const run = await fleet.run("function", { module: MODULE, export: name });
  expect(run.error).toMatchObject({
    code: "INVALID_PIPELINE",
    message: expect.stringContaining(`no function "${name}"`) as string,
  });
});
