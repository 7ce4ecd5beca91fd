// Every example of the documents that promised job files, as it stands there.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readJobFile } from "../../src/config/read-job-file.ts";
import { readToml } from "../../src/config/read-toml.ts";

const FOLDER = join(import.meta.dirname, "seeds");
const read = (name: string) => readFileSync(join(FOLDER, name), "utf8");
const tomls = readdirSync(FOLDER).filter((name) => name.endsWith(".toml"));

test.each(tomls)("%s is valid as it stands", (name) => {
  const { jobs, problems } = readToml(read(name), name);
  expect(problems).toEqual([]);
  expect(jobs).toHaveLength(name === "interpreters.toml" ? 0 : 1);
});

test("each schedule means what its comment says", () => {
  const optionsOf = (name: string) => readToml(read(name), name).jobs[0]?.options;
  expect(optionsOf("job-1.toml")).toEqual({
    id: "job_1",
    trigger: "cron",
    expression: "0 0 * * *",
  });
  expect(optionsOf("job-2.toml")).toEqual({ id: "job_2", trigger: "interval", seconds: 1800 });
  expect(optionsOf("job-4.toml")).toEqual({
    id: "job_4",
    trigger: "date",
    runDate: "2024-12-25 12:00:00",
  });
  expect(optionsOf("daily-report.toml")).toMatchObject({
    condition: "data_etl_job.last_run_successful and data_etl_job.finished_within(1h)",
  });
});

test("a type is run by the interpreter that the file names for it", () => {
  const { jobs, problems } = readToml(read("interpreters.toml") + read("job-2.toml"), "both.toml");
  expect(problems).toEqual([]);
  expect(jobs[0]?.task).toEqual({
    type: "script",
    interpreter: "BASH",
    program: ["/bin/bash"],
    script: "echo 'Job 2 running!'",
  });
});

test("each condition can stand in a job", () => {
  const conditions = read("conditions.txt").trim().split("\n");
  expect(conditions).toHaveLength(3);
  for (const condition of conditions) {
    const { jobs, problems } = readToml(read("job-1.toml") + condition, "with-condition.toml");
    expect(problems).toEqual([]);
    expect(condition).toBe(`condition = "${String(jobs[0]?.options["condition"])}"`);
  }
});

test.each([
  ["schedule-cron.json", { trigger: "cron", expression: "0 1 * * *" }],
  ["schedule-once.json", { trigger: "date", runDate: "2025-09-20T02:00:00Z" }],
])("%s makes a job with an id and the task", (name, trigger) => {
  const { schedule } = JSON.parse(read(name)) as { schedule: string };
  const text = `{ "job_id": "report", "description": "Sales", "schedule": ${JSON.stringify(schedule)}, "task": ${read("task.json")} }`;
  const { jobs, problems } = readJobFile(text, "report.json");
  expect(problems).toEqual([]);
  expect(jobs).toEqual([
    expect.objectContaining({
      id: "report",
      options: { id: "report", description: "Sales", ...trigger },
      task: {
        type: "command",
        command: "/usr/bin/python /opt/scripts/generate_sales_report.py",
        shell: true,
      },
    }),
  ]);
});
