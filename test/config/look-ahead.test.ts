// What is valid and may still surprise: changes of the clock, jobs that start together, schedules without a time to come.
import { expect, test } from "vitest";
import { validateFiles } from "../../src/config/file-sources.ts";
import { readSet } from "../../src/config/read-set.ts";
import { PipelineScheduler } from "../../src/index.ts";
import { createTasks } from "../../src/tasks.ts";
import { silent } from "../helpers/silent.ts";

const job = (id: string, ...more: string[]): string =>
  [`[jobs.${id}]`, 'type = "BASH"', 'command = "x"', ...more, ""].join("\n");

async function told(...jobs: string[]) {
  await using scheduler = new PipelineScheduler({
    worker: false,
    logger: silent,
    pipelines: Object.values(createTasks()),
  });
  const set = await readSet([{ file: "jobs.toml", kind: "toml", content: jobs.join("") }]);
  const { isValid, problems } = await validateFiles(scheduler, set, "files");
  return {
    isValid,
    problems: problems.map(({ line, code, message }) => `${line} ${code} ${message}`),
  };
}

test("times that a change of the clock moves, drops or doubles", async () => {
  const zone = 'timezone = "Europe/Berlin"';
  const { isValid, problems } = await told(
    job("gap", 'schedule = "30 2 * * *"', zone),
    job("fine", 'schedule = "30 4 * * *"', zone),
    job("utc", 'schedule = "30 2 * * *"'),
  );
  expect(isValid).toBe(true);
  expect(problems.toSorted()).toEqual([
    expect.stringMatching(
      /^1 CLOCK_CHANGE gap: \d{4}-03-\d\d 02:30 Europe\/Berlin does not exist, for clocks change: it runs at \d{4}-03-\d\d 03:00 instead\.$/,
    ),
    expect.stringMatching(
      /^1 CLOCK_CHANGE gap: \d{4}-10-\d\d 02:30 Europe\/Berlin comes twice, for clocks change: it runs the first time only\.$/,
    ),
  ]);
});

test("many jobs in one minute, and none of them spread", async () => {
  const at = (id: string, ...more: string[]) => job(id, 'schedule = "15 3 * * *"', ...more);
  const often = job("often", 'schedule = "* * * * *"');
  expect((await told(at("a"), at("b"), at("c"), at("d"), often)).problems).toEqual([]);
  expect(
    (await told(...["a", "b", "c", "d", "e", "f"].map((id) => at(id)), often)).problems,
  ).toEqual(["1 COLLISION 6 jobs start at 03:15 UTC: a, b, c, d, e, …."]);
  const spread = ["a", "b", "c", "d", "e", "f"].map((id) => at(id, 'jitter = "5m"'));
  expect((await told(...spread)).problems).toEqual([]);
});

test("what has no time to come, or only a past one", async () => {
  const { problems } = await told(
    job("over", 'schedule = "@daily"', 'end_date = "2020-01-01T00:00:00Z"'),
    job("past", 'schedule = "2020-01-01T00:00:00Z"'),
    job("begun", 'schedule = "@daily"', 'next_run_time = "2020-01-01T00:00:00Z"'),
  );
  expect(problems.map((each) => each.split(" ").slice(0, 2).join(" "))).toEqual([
    "1 NEVER_FIRES",
    "6 PAST_DATE",
    "10 PAST_DATE",
  ]);
});
