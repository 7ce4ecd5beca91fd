import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTasks } from "../../src/tasks.ts";
import { needsPython, TaskFleet } from "./task-fleet.ts";

const folder = mkdtempSync(join(tmpdir(), "cronduit-scripts-"));
let fleet: TaskFleet;

beforeAll(async () => {
  needsPython();
  fleet = await TaskFleet.open({
    folder,
    interpreters: {
      AWK: "awk -f",
      SHOUT: ["sh", "-c", 'tr a-z A-Z < "$1"; echo; ls -l "$1"', "sh"],
    },
  });
}, 400_000);

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test.each([
  ["PYTHON", "import os, sys\nprint('Hello,', sys.argv[1], os.environ['CRONDUIT_JOB_ID'])"],
  ["BASH", 'echo "Hello, $1 $CRONDUIT_JOB_ID"'],
  ["JAVASCRIPT", "console.log('Hello,', process.argv[2], process.env.CRONDUIT_JOB_ID)"],
  [
    "JAVASCRIPT",
    "import { argv, env } from 'node:process'; console.log(`Hello, ${argv[2]} ${env.CRONDUIT_JOB_ID}`)",
  ],
  ["AWK", 'BEGIN { print "Hello, " ARGV[1], ENVIRON["CRONDUIT_JOB_ID"] }'],
])("%s: %s", async (interpreter, script) => {
  const params = { interpreter, script, args: ["$(id) 'World'"] };
  const run = await fleet.run("script", params);
  expect(await fleet.lines(run)).toEqual([`output Hello, $(id) 'World' ${run.jobId}`]);
  expect(run).toMatchObject({ verdict: "succeeded", result: { success: true, exitCode: 0 } });
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ["PYTHON", "raise SystemExit(4)", 4],
  ["BASH", "exit 4", 4],
  ["JAVASCRIPT", "process.exit(4)", 4],
  ["PYTHON", "1 / 0", 1],
])("%s: %s fails", async (interpreter, script, exitCode) => {
  const run = await fleet.run("script", { interpreter, script });
  expect(run).toMatchObject({
    verdict: "failed",
    error: { code: "TASK_FAILED" },
    result: { success: false, exitCode },
  });
  expect(readdirSync(folder)).toEqual([]);
});

test("lines are in the log while the script runs", async () => {
  const script = "import time\nprint('first')\ntime.sleep(60)";
  const runId = await fleet.scheduler.runJob(
    await fleet.add("script", { interpreter: "PYTHON", script }),
  );
  await expect
    .poll(() => fleet.lines({ id: runId }), { timeout: 30_000 })
    .toEqual(["output first"]);
  await fleet.scheduler.cancelRun(runId);
  await fleet.fleet.ended(runId);
});

test("an interpreter of the settings; its file is its user's alone", async () => {
  const run = await fleet.run("script", { interpreter: "SHOUT", script: "hello" });
  const [text, listed] = await fleet.lines(run);
  expect(text).toBe("output HELLO");
  expect(listed).toMatch(/^output -rw------- /);
});

test.each([
  [{ interpreter: "BASH", program: ["sed", "-n", "s/^echo/said/p"] }, ["output said one"]],
  // Names that only the program's words make known.
  [{ interpreter: "C#", program: ["cat"] }, ["output echo one", "output two"]],
  [{ interpreter: "constructor", program: ["cat"] }, ["output echo one", "output two"]],
])("%j: the job says how to start it", async (params, lines) => {
  const run = await fleet.run("script", { ...params, script: "echo one\ntwo" });
  expect(await fleet.lines(run)).toEqual(lines);
});

test.each([
  ["PYHTON", /the interpreter "PYHTON" is not configured; did you mean "PYTHON"\?/],
  ["bash", /did you mean "BASH"\?/],
  ["PERL6", /there are: PYTHON, BASH, JAVASCRIPT, AWK, SHOUT/],
  ["constructor", /there are: PYTHON, BASH, JAVASCRIPT, AWK, SHOUT/],
  [7, /interpreter: must be one of PYTHON, BASH/],
])("the interpreter %j is refused when the job is added", async (interpreter, message) => {
  const adding = fleet.add("script", { interpreter, script: "x" });
  await expect(adding).rejects.toMatchObject({
    code: "INVALID_PARAMS",
    message: expect.stringMatching(message) as string,
    data: { path: "interpreter" },
  });
});

test("an interpreter that is not installed", async () => {
  await using other = await TaskFleet.open({ interpreters: { BASH: "/opt/none/bash" } });
  const run = await other.run("script", { interpreter: "BASH", script: "x" });
  expect(run.error).toMatchObject({
    code: "PROGRAM_NOT_FOUND",
    message: 'There is no program "/opt/none/bash".',
  });
});

test.each([
  [{ interpreters: { BASH: "bash -c 'x'" } }, /interpreters\.BASH.*quotes/],
  [{ interpreters: { "a b": "x" } }, /interpreters\.a b.*letters, digits/],
  [{ http: { secrets: { TOKEN: ["https://x"] } } }, /TOKEN.*no reference to a secret/],
  [{ interpreters: { AWK: [] } }, /interpreters\.AWK/],
  [{ interpreter: {} }, /interpreters/],
  [{ secrets: ["TOKEN"] }, /secrets/],
  [{ inherit: ["A B"] }, /inherit/],
  [{ http: { allow: ["http://x"] } }, /http\.allow/],
  [{ http: { secrets: { "env:A": ["https://x/path"] } } }, /http\.secrets/],
])("settings %j are refused", (settings, message) => {
  expect(() => createTasks(settings as object)).toThrow(message);
  expect(() => createTasks(settings as object)).toThrow(/^createTasks[,:] /);
});
