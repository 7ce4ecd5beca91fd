// What a job of a file says of how its program is run.
import { expect, test } from "vitest";
import { asJob } from "../../src/config/apply/as-job.ts";
import { readJobFile } from "../../src/config/read-job-file.ts";
import { readToml } from "../../src/config/read-toml.ts";
import { TaskFleet } from "../tasks/task-fleet.ts";

const HEAD = '[jobs.a]\nschedule = "@daily"\ntype = "BASH"\ncommand = "exit 3"\n';
const toml = (text: string) => readToml(HEAD + text, "cronduit.toml");
const json = (more: object) =>
  readJobFile(
    JSON.stringify({
      job_id: "a",
      schedule: "@daily",
      task: { type: "execute_command", command: "exit 3" },
      ...more,
    }),
    "a.json",
  );

test("TOML and JSON have the same words, and they become params of the task", () => {
  const how = {
    cwd: "/data",
    env: { REGION: "eu", snake_case: "as it is" },
    secrets: { TOKEN: "env:JOB_TOKEN" },
    successCodes: [0, 3],
    retryCodes: [75],
    grace: "10s",
    maxOutputBytes: 8_192,
    maxMemoryMb: 512,
    maxCpuSeconds: 60,
    maxFileMb: 10,
    maxOpenFiles: 100,
    args: ["one", "two words"],
  };
  const script = toml(`
    cwd = "/data"
    env = { REGION = "eu", snake_case = "as it is" }
    secrets = { TOKEN = "env:JOB_TOKEN" }
    success_codes = [0, 3]
    retry_codes = [75]
    grace = "10s"
    max_output_bytes = 8192
    max_memory_mb = 512
    max_cpu_seconds = 60
    max_file_mb = 10
    max_open_files = 100
    args = ["one", "two words"]
    timeout = "5m"`);
  expect(script.problems).toEqual([]);
  const [job] = script.jobs;
  expect(job?.options).toMatchObject({ timeout: "5m" });
  expect(job && asJob(job)).toMatchObject({
    pipeline: "script",
    options: { params: { interpreter: "BASH", script: "exit 3", ...how } },
  });
  const snake = Object.fromEntries(
    Object.entries(how).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
  const command = json(snake);
  expect(command.problems).toEqual([]);
  const [other] = command.jobs;
  expect(other && asJob(other)).toMatchObject({
    pipeline: "command",
    options: { params: { command: "exit 3", shell: true, ...how } },
  });
});

test("they count for the digest; without any, nothing is added", () => {
  const plain = toml("").jobs[0];
  expect(plain?.task).toEqual({ type: "script", interpreter: "BASH", script: "exit 3" });
  expect(toml('cwd = "/data"').jobs[0]?.digest).not.toBe(plain?.digest);
});

test("a job of a file runs by them", async () => {
  await using fleet = await TaskFleet.open();
  const [job] = toml('success_codes = [3]\ncwd = "/usr"\nenv = { A = "b" }').jobs;
  if (!job) throw new Error("no job");
  const { pipeline, options } = asJob({
    ...job,
    task: { ...job.task, ...{ script: 'echo "$PWD $A"; exit 3' } },
  });
  await fleet.scheduler.addJob(pipeline as "script", options);
  const run = await fleet.scheduler.runJob("a", { wait: 30 });
  expect(run).toMatchObject({ verdict: "succeeded", result: { exitCode: 3 } });
  expect(await fleet.lines(run)).toEqual(["output /usr b"]);
});

test.each([
  [
    'cwd = "data"',
    'INVALID_VALUE 5: cwd: "data" must be a whole path, from /, or ~ for the home of the user',
  ],
  ["success_codes = [300]", "INVALID_VALUE 5: success_codes.0: 300"],
  ['env = { "A=B" = "x" }', 'INVALID_VALUE 5: env.A=B: "x" is no name of a variable'],
  ["env = { A = 1 }", "INVALID_VALUE 5: env.A: 1 is not allowed"],
  ['secrets = { A = "hunter2" }', "INVALID_VALUE 5: secrets.A: .* is no reference to a secret"],
  ['grace = "soon"', "INVALID_VALUE 5: grace:"],
  ["succes_codes = [0]", 'UNKNOWN_KEY 5: .*succes_codes.*Did you mean "success_codes"'],
  ["successCodes = [0]", 'UNKNOWN_KEY 5: .*Did you mean "success_codes"'],
  ["params = { a = 1 }", "INVALID_VALUE 5: params: a command has none"],
])("%s is refused at its place", (line, expected) => {
  const [problem] = toml(line).problems.map(
    ({ code, line: at, message, hint }) => `${code} ${at}: ${message} ${hint ?? ""}`,
  );
  expect(problem).toMatch(new RegExp(`^${expected}`));
  expect(problem).not.toContain("hunter2");
});

test("names that people choose are told, and found, as they wrote them", () => {
  const { problems } = readToml("\n[interpreters]\nPYTHON = 5\n", "cronduit.toml");
  expect(problems).toMatchObject([
    { line: 3, column: 10, message: "interpreters.PYTHON: 5 is not allowed." },
  ]);
});

test("beside a pipeline they are refused, since it has params of its own", () => {
  const { problems } = readToml(
    '[jobs.a]\nschedule = "@daily"\npipeline = "mine"\ncwd = "/data"\n',
    "cronduit.toml",
  );
  expect(problems.map(({ code, message, hint }) => [code, message, hint])).toEqual([
    [
      "INVALID_VALUE",
      'cwd: has no meaning with "pipeline".',
      "Write it into params, as cwd, if the pipeline takes it.",
    ],
  ]);
});
