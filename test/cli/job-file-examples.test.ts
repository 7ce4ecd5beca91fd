// The job files of examples/, read, applied and run.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { JobFiles, type JobFilesOptions } from "../../src/config.ts";
import type { Run } from "../../src/index.ts";
import { needsPython, TaskFleet } from "../tasks/task-fleet.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");
const SEEDS = join(import.meta.dirname, "../config/seeds");
const WAIT_S = 40;

/** A fleet with the jobs of some files. */
async function withFiles(options: Omit<JobFilesOptions, "scheduler">) {
  const fleet = await TaskFleet.open();
  const files = new JobFiles({ scheduler: fleet.scheduler, ...options });
  const outcome = await files.start();
  const close = async (): Promise<void> => {
    await files.close();
    await fleet[Symbol.asyncDispose]();
  };
  return { fleet, outcome, close };
}

describe("examples/jobs.d", () => {
  let opened: Awaited<ReturnType<typeof withFiles>>;
  beforeAll(async () => {
    opened = await withFiles({ jobsDirs: [join(EXAMPLES, "jobs.d")] });
  });
  afterAll(() => opened.close());

  test("is valid without a warning", async () => {
    expect(opened.outcome).toMatchObject({ kind: "applied", added: 3, problems: [] });
    expect(readdirSync(join(EXAMPLES, "jobs.d")).toSorted()).toEqual([
      "daily-report.json",
      "frequent-task.json",
      "onetime-cleanup.json",
    ]);
  });

  test.each([
    ["daily-report", "0 1 * * *", /^output Sales report of \d{4}-\d\d-\d\d$/],
    ["frequent-task", "*/5 * * * *", /^output It is \d\d:\d\d:\d\d, and all is well$/],
    ["onetime-cleanup", "2030-09-20T02:00:00Z", /^output Would remove what is old in \//],
  ])("%s runs", async (id, schedule, output) => {
    const text = readFileSync(join(EXAMPLES, `jobs.d/${id}.json`), "utf8");
    expect(JSON.parse(text)).toMatchObject({ job_id: id, schedule });
    const run = await opened.fleet.scheduler.runJob(id, { wait: WAIT_S });
    expect(run).toMatchObject({ verdict: "succeeded", result: { exitCode: 0 } });
    expect(await opened.fleet.lines(run)).toEqual([expect.stringMatching(output)]);
  });
});

describe("examples/cronduit.toml", () => {
  const text = readFileSync(join(EXAMPLES, "cronduit.toml"), "utf8");
  const lines = text.split("\n");
  let opened: Awaited<ReturnType<typeof withFiles>>;

  beforeAll(async () => {
    needsPython();
    opened = await withFiles({ config: join(EXAMPLES, "cronduit.toml") });
  }, 400_000);
  afterAll(() => opened.close());

  const run = (id: string, options: object = {}): Promise<Run> =>
    opened.fleet.scheduler.runJob(id, { wait: WAIT_S, ...options });

  test("has every block of the documents that promised it, as it stands there", () => {
    for (const name of readdirSync(SEEDS).filter((each) => /\.toml$|conditions/.test(each)))
      for (const line of readFileSync(join(SEEDS, name), "utf8").trim().split("\n"))
        // What only somebody else's machine has stands in a comment.
        expect(lines.includes(line) || lines.includes(`# ${line}`), `${name}: ${line}`).toBe(true);
    const commented = lines.filter((line) => line.startsWith("# command = "));
    expect(commented).toHaveLength(3);
  });

  test("is valid; the two times that are over are told, and did not run", async () => {
    expect(opened.outcome).toMatchObject({ kind: "applied", added: 14, failed: [] });
    const { problems } = opened.outcome;
    expect(problems.map(({ severity, code }) => [severity, code])).toEqual([
      ["warning", "PAST_DATE"],
      ["warning", "PAST_DATE"],
    ]);
    expect(problems.map(({ line }) => lines[line - 1])).toEqual([
      "[jobs.job_4]",
      "[jobs.data_migration]",
    ]);
    for (const id of ["job_4", "data_migration"]) {
      const { runs } = await opened.fleet.scheduler.getRuns(id);
      expect(runs.filter(({ verdict }) => verdict !== "missed")).toEqual([]);
    }
  });

  test.each([
    ["PYTHON", "job_1", "Hello, World!"],
    ["PYTHON", "data_etl_job", "Rows loaded: 45"],
    ["BASH", "backup_db", "Would run pg_dump"],
    ["JAVASCRIPT", "in_javascript", `Node.js ${process.version} runs in_javascript`],
    ["AWK", "in_awk", "An interpreter of your own runs in_awk"],
  ])(
    "%s runs %s: exit code and duration in the ledger, output in the log",
    async (type, id, said) => {
      const job = await opened.fleet.scheduler.getJob(id);
      expect(job?.params).toMatchObject({ interpreter: type });
      const done = await run(id);
      expect(done.error).toBeUndefined();
      expect(done).toMatchObject({
        verdict: "succeeded",
        result: { success: true, exitCode: 0, signal: null, outputLines: 1 },
      });
      expect(done.durationMs).toBeGreaterThan(0);
      expect(await opened.fleet.lines(done)).toEqual([`output ${said}`]);
    },
  );

  test.each([
    ["PYTHON", "import sys\nprint('before')\nsys.exit(3)"],
    ["BASH", "echo before; exit 3"],
    ["JAVASCRIPT", "console.log('before'); process.exit(3)"],
    ["AWK", 'BEGIN { print "before"; exit 3 }'],
  ])("%s: a failure has its exit code", async (interpreter, script) => {
    // The worker knows no AWK; the file does.
    const program = interpreter === "AWK" ? { program: ["awk", "-f"] } : {};
    const params = { interpreter, script, ...program };
    const failed = await run("backup_db", { params });
    expect(failed).toMatchObject({
      verdict: "failed",
      error: { code: "TASK_FAILED" },
      result: { success: false, exitCode: 3 },
    });
    expect(await opened.fleet.lines(failed)).toEqual(["output before"]);
  });

  test("conditions hold between the jobs", async () => {
    const verdicts = async (...ids: string[]): Promise<string[]> => {
      const told: string[] = [];
      for (const id of ids) {
        const { verdict, reason } = await run(id);
        told.push(reason === undefined ? verdict : `${verdict}: ${reason}`);
      }
      return told;
    };
    const refused = "skipped: condition";
    // Nothing has run that they ask for.
    expect(await verdicts("job_5", "after_success", "after_recent_success", "after_both")).toEqual([
      refused,
      refused,
      refused,
      refused,
    ]);
    expect(await verdicts("job_2", "job_5", "after_success", "after_both")).toEqual([
      "succeeded",
      refused,
      "succeeded",
      "succeeded",
    ]);
    expect(await verdicts("job_3", "job_5")).toEqual(["succeeded", "succeeded"]);
    // The last run of job_2 fails; that it succeeded a moment ago remains true.
    const params = { interpreter: "BASH", script: "exit 1" };
    expect(await run("job_2", { params })).toMatchObject({ verdict: "failed" });
    expect(await verdicts("job_5", "after_success", "after_recent_success", "after_both")).toEqual([
      refused,
      refused,
      "succeeded",
      refused,
    ]);
    await run("data_etl_job");
    expect(await verdicts("daily_report")).toEqual(["succeeded"]);
  });
});
