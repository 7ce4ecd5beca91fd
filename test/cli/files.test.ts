// validate, diff, apply, export and import, in all three ways: what people see, what programs get, and the exit codes.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { contract } from "../../src/api/contract.ts";
import { CliFleet, cronduit, WAYS } from "./cli-fleet.ts";

let fleet: CliFleet;
beforeAll(async () => {
  fleet = await CliFleet.start(inject("redisUrl"), false);
}, 60_000);
afterAll(() => fleet[Symbol.asyncDispose]());

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cronduit-cli-files-"));
  mkdirSync(join(folder, "jobs.d"), { mode: 0o755 });
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await fleet.scheduler.removeAllJobs();
});

const write = (name: string, text: string) =>
  writeFileSync(join(folder, name), text, { mode: 0o644 });
const job = (id: string, schedule: string, more = ""): string =>
  `[jobs.${id}]\ntype = "BASH"\ncommand = "true"\nschedule = "${schedule}"\n${more}`;
const report = (schedule: string): string => `{
  "job_id": "report",
  "timezone": "Europe/Berlin",
  "schedule": "${schedule}",
  "task": { "type": "execute_command", "command": "true" }
}
`;
const here = (argv: readonly string[]) => cronduit(argv, { cwd: folder }, folder);

describe("validate needs no fleet", () => {
  test("an error is marked at its place, and a warning told", async () => {
    write("jobs.d/report.json", report("61 8 * * 1-5"));
    write("cronduit.toml", job("gap", "30 2 * * *", 'timezone = "Europe/Berlin"\n'));
    const wrong = await here(["validate"]);
    expect(wrong).toMatchObject({
      code: 2,
      err: "2 files: 1 error, 0 warnings. The running set stays in force.\n",
    });
    const [told = "", ...marked] = wrong.out.split("\n");
    expect(told).toMatch(/^jobs\.d\/report\.json:4:16 {2}error {4}.*"61" is out of range/);
    expect(marked).toEqual([
      '     4 │   "schedule": "61 8 * * 1-5",',
      "       │                ^^",
      "",
    ]);
    write("jobs.d/report.json", report("30 8 * * 1-5"));
    const right = await here(["validate"]);
    expect(right.code).toBe(0);
    expect(right.out).toMatch(/^cronduit\.toml:1:7 {2}warning {2}gap: .* does not exist/);
    const { code, out } = await here(["validate", "-o", "json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ isValid: true, files: 2, jobs: 2, errors: 0 });
  });

  test("a file with a name that commands a terminal does not", async () => {
    write("jobs.d/evil\u001b[2J.json", "{");
    write("jobs.d/b.json", '{ "\u009b31m": 1 }');
    const { code, out } = await here(["validate"]);
    expect(code).toBe(2);
    expect(out.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });

  test("without any files, it says what to name", async () => {
    rmSync(join(folder, "jobs.d"), { recursive: true });
    const { code, err } = await here(["validate"]);
    expect([code, err]).toEqual([2, expect.stringMatching(/no job files here.*--jobs-dir/)]);
  });
});

describe.each(WAYS)("%s", (way) => {
  const source = `of-${way}`;
  const run = (...argv: string[]) =>
    cronduit(
      [...argv, ...fleet.flags(way), "--source", source, "--tz", "UTC"],
      { cwd: folder },
      folder,
    );

  test("diff, apply and prune", async () => {
    write("jobs.d/report.json", report("0 8 * * *"));
    const ids = { legacy: `${way}-legacy`, refresh: `${way}-refresh` };
    const refresh = job(
      ids.refresh,
      "0 9 * * *",
      `condition = '"${ids.legacy}".last_run_successful'\n`,
    );
    write("cronduit.toml", `${job(ids.legacy, "*/30 * * * *")}${refresh}`);
    const first = await run("diff");
    expect(first).toMatchObject({
      code: 8,
      err: "3 changes. Nothing was applied (exit 8). Apply: cronduit apply · times in UTC\n",
    });
    const refused = await run("apply");
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("NOT_CONFIRMED")]);
    expect(await run("apply", "--yes")).toMatchObject({ code: 0, out: "" });
    expect(await run("diff")).toMatchObject({ code: 0, out: "" });

    write("jobs.d/report.json", report("30 8 * * *"));
    write("cronduit.toml", refresh);
    const { code, out, err } = await run("diff");
    expect(code).toBe(8);
    const lines = out.split("\n");
    expect(lines[0]).toMatch(
      /^~ report +at 08:00 → at 08:30 \(Europe\/Berlin\) {3}jobs\.d\/report\.json:1$/,
    );
    expect(lines[1]).toMatch(/^ {4}(?:~ .{5,12} → 0[67]:30 *){5}$/);
    expect(lines[2]).toBe(
      `- ${ids.legacy}  removed from cronduit.toml; it ran 48 times a day, it never succeeded; ${ids.refresh} waits for it`,
    );
    expect(err).toBe(
      "2 changes, 1 needs care. Nothing was applied (exit 8). Apply: cronduit apply --prune · times in UTC\n",
    );
    const json = await run("diff", "-o", "json");
    const diff: unknown = JSON.parse(json.out);
    expect(contract.diffFiles.answer.parse(diff)).toEqual(diff);
    const applied = await run("apply", "--prune", "--yes", "-o", "json");
    const answer: unknown = JSON.parse(applied.out);
    expect(contract.applyFiles.answer.parse(answer)).toMatchObject({ changed: 1, removed: 1 });
    expect(await run("diff")).toMatchObject({ code: 0 });
  });

  test("export writes what declares the same jobs", async () => {
    write("cronduit.toml", job(`${way}-a`, "0 8 * * *", 'retry = 3\ntags = ["x"]\n'));
    write("jobs.d/report.json", report("30 8 * * *"));
    expect((await run("apply", "--yes")).code).toBe(0);
    const { code, out } = await run("export");
    expect(code).toBe(0);
    rmSync(join(folder, "jobs.d"), { recursive: true });
    write("cronduit.toml", out);
    expect(await run("diff")).toMatchObject({
      code: 8,
      out: expect.not.stringMatching(/^[+-]/m) as string,
    });
    const written = await run("export", "--to", "out.d", "--of", `file:${source}`);
    expect(written.code).toBe(0);
    expect(readdirSync(join(folder, "out.d"))).toEqual(["report.json", `${way}-a.json`].toSorted());
    expect((await run("export", "--to", "out.d")).code).toBe(2);
  });
});

test("a crontab is written as a file that is valid", async () => {
  write("my.cron", "PATH=/usr/bin\n30 2 * * 1-5 backup --all\n@reboot x\n");
  const { code, out, err } = await here(["import", "crontab", "my.cron"]);
  expect([code, err]).toEqual([0, expect.stringContaining("2 jobs of my.cron.")]);
  write("cronduit.toml", out);
  const valid = await here(["validate", "-o", "json"]);
  expect(JSON.parse(valid.out)).toMatchObject({ isValid: true, jobs: 2 });
  const typed = await cronduit(
    ["import", "crontab", "-", "--system"],
    { cwd: folder, typed: "0 1 * * * root x\n" },
    folder,
  );
  expect(typed.out).toContain('user = "root"');
});
