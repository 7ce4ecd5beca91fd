// What is told of a wrong file, and where.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PROBLEM_CODES } from "../../src/config/file-problem.ts";
import { readJobFile } from "../../src/config/read-job-file.ts";
import { readToml } from "../../src/config/read-toml.ts";

const JOB = '[jobs.a]\ntype = "BASH"\ncommand = "x"\nschedule = "@daily"\n';
const OPEN = '{\n  "job_id": "a", "task": {"type": "execute_command", "command": "x"},\n';

/** The text in the columns of a problem. */
function pointed(
  text: string,
  { line, column, endColumn }: { line: number; column: number; endColumn: number },
) {
  return text.split("\n")[line - 1]?.slice(column - 1, endColumn - 1);
}

test.each([
  ["a value out of range", `${JOB}max_instances = 0`, 5, "0", "INVALID_OPTION", undefined],
  ["a value inside", `${JOB}retry = { attempts = 1 }`, 5, "1", "INVALID_OPTION", undefined],
  ["an unknown key", `${JOB}timeot = "1m"`, 5, "timeot", "UNKNOWN_KEY", 'Did you mean "timeout"?'],
  [
    "one inside",
    `${JOB}retry = { atempts = 3 }`,
    5,
    "atempts",
    "UNKNOWN_KEY",
    'Did you mean "attempts"?',
  ],
  [
    "the other spelling",
    `${JOB}maxInstances = 2`,
    5,
    "maxInstances",
    "UNKNOWN_KEY",
    'Did you mean "max_instances"?',
  ],
  [
    "that inside",
    `${JOB}retry.maxDelay = 2`,
    5,
    "maxDelay",
    "UNKNOWN_KEY",
    'Did you mean "max_delay"?',
  ],
  [
    "a name of elsewhere",
    `${JOB}retries = 2`,
    5,
    "retries",
    "UNKNOWN_KEY",
    'Did you mean "retry"?',
  ],
  ["an unknown table", `[job.b]`, 1, "job", "UNKNOWN_KEY", 'Did you mean "jobs"?'],
  [
    "an interpreter",
    JOB.replace("BASH", "BAHS"),
    2,
    '"BAHS"',
    "UNKNOWN_INTERPRETER",
    'Did you mean "BASH"?',
  ],
  [
    "a condition",
    `${JOB}condition = "b.runing"`,
    5,
    "runing",
    "INVALID_CONDITION",
    "Did you mean `running`?",
  ],
  ["a field of cron", JOB.replace("@daily", "0 24 * * *"), 4, "24", "INVALID_TRIGGER", undefined],
  [
    "a schedule in words",
    JOB.replace("@daily", "now and then"),
    4,
    "now",
    "INVALID_TRIGGER",
    undefined,
  ],
  ["a zone", `${JOB}timezone = "Mars"`, 5, '"Mars"', "INVALID_TIMEZONE", undefined],
  ["two ways to say when", `${JOB}hour = 3`, 5, "hour", "INVALID_VALUE", "Give one of them."],
  ["an id", JOB.replace("jobs.a", 'jobs."a "'), 1, '[jobs."a "]', "INVALID_OPTION", undefined],
  ["a key twice", `${JOB}type = "BASH"`, 5, "t", "SYNTAX", "Leave one of them out"],
  ["a table twice", `${JOB}[jobs.a]`, 5, undefined, "SYNTAX", undefined],
  ["no schedule", JOB.replace(/schedule.*\n/, ""), 1, "a", "MISSING_KEY", undefined],
  [
    "a policy without a condition",
    `${JOB}condition_policy = { wait = 5 }`,
    5,
    "{ wait = 5 }",
    "INVALID_OPTION",
    undefined,
  ],
  ["what is no number of JSON", `${JOB}tags = [nan]`, 5, "nan", "INVALID_VALUE", undefined],
  ["a job that is none", "jobs.a = 1", 1, "1", "INVALID_VALUE", undefined],
  ["a null", "a = null", 1, undefined, "SYNTAX", undefined],
])("TOML: %s is told at its place", (_, text, line, at, code, hint) => {
  const { jobs, problems } = readToml(text, "c.toml");
  const [first] = problems;
  expect({ ...first, jobs }).toMatchObject({
    file: "c.toml",
    line,
    code,
    severity: "error",
    jobs: [],
  });
  if (first && at !== undefined) expect(pointed(text, first)).toBe(at);
  if (hint !== undefined) expect(first?.hint).toContain(hint);
});

test.each([
  ["a field of cron", `${OPEN}  "schedule": "61 8 * * 1-5"\n}`, 3, "61", "INVALID_TRIGGER"],
  [
    "a key twice",
    `${OPEN}"schedule": "@daily",\n"schedule": "@hourly"}`,
    4,
    '"schedule"',
    "DUPLICATE_KEY",
  ],
  [
    "an unknown key",
    `${OPEN}"schedule": "@daily", "descripton": "x"}`,
    3,
    '"descripton"',
    "UNKNOWN_KEY",
  ],
  [
    "a word of the task",
    `${OPEN.replace("command", "comand")}"schedule": "@daily"}`,
    2,
    undefined,
    "INVALID_VALUE",
  ],
  ["a comma too many", `${OPEN}"schedule": "@daily",\n}`, 4, "}", "SYNTAX"],
  ["a comment", `// x\n${OPEN}`, 1, "/", "SYNTAX"],
  ["an early end", OPEN, 2, undefined, "SYNTAX"],
  ["a line break in a string", `{"job_id": "a\n"}`, 1, "", "SYNTAX"],
  ["a list", "[1]", 1, "[1]", "INVALID_VALUE"],
  ["no id", '{"schedule": "@daily", "pipeline": "Mail"}', 1, "{", "MISSING_KEY"],
])("JSON: %s is told at its place", (_, text, line, at, code) => {
  const { jobs, problems } = readJobFile(text, "c.json");
  const [first] = problems;
  expect({ ...first, jobs }).toMatchObject({ file: "c.json", line, code, jobs: [] });
  if (first && at !== undefined) expect(pointed(text, first)).toBe(at);
});

test.each(['{"password" "hunter2"}', '{"password": hunter2}', 'password = "hunter2'])(
  "what can't be read is not quoted: %s",
  (text) => {
    const told = [readJobFile(text, "a.json"), readToml(text, "a.toml")].flatMap(
      ({ problems }) => problems,
    );
    expect(told).not.toEqual([]);
    expect(JSON.stringify(told)).not.toContain("hunter2");
  },
);

test("every job's problems are told, and the good jobs beside", () => {
  const text = `${JOB}timeout = -1\nqueue = ""\n${JOB.replaceAll("jobs.a", "jobs.b")}${JOB.replace("jobs.a", "jobs.c")}coalesce = 1\n`;
  const { jobs, problems } = readToml(text, "c.toml");
  expect(problems.map(({ line }) => line)).toEqual([5, 6, 15]);
  expect(jobs.map(({ id, line }) => [id, line])).toEqual([["b", 7]]);
});

test("names in messages are those of files", () => {
  const { problems } = readToml(
    `${JOB}concurrency_group = { key = "k" }\nmax_catch_up = "x"\n`,
    "c.toml",
  );
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^concurrency_group\.limit: /),
    expect.stringMatching(/^max_catch_up: /),
  ]);
  expect(JSON.stringify(problems)).not.toMatch(/addJob|maxCatchUp|concurrencyGroup/);
});

test("the page about job files has every code, with the same words", () => {
  const page = readFileSync("docs/job-files.md", "utf8");
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` +\| (.*?) +\|$/gm)].map(([, code, meaning]) => [
    code,
    meaning,
  ]);
  expect(rows).toEqual(Object.entries(PROBLEM_CODES));
});
