// `cronduit dev`: the real program in a folder of its own.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EXAMPLE_TOML } from "../../src/cli/dev/example-files.ts";
import { readToml } from "../../src/config/read-toml.ts";
import { cronduitIn, temporaryFolder } from "../helpers/cronduit.ts";

const SLOW = 120_000;
const FOREIGN = `[jobs.theirs]
type = "BASH"
schedule = "every 1 second"
command = "touch \\"$PWD/ran\\""
`;

test("the examples are valid, and every line of them", () => {
  const { jobs, problems } = readToml(EXAMPLE_TOML, "cronduit.toml");
  expect(problems).toEqual([]);
  expect(jobs.map(({ id }) => id)).toEqual(["hello", "report"]);
});

describe("in an empty folder", () => {
  test(
    "writes examples, says where the dashboard is, and shows the first verdict",
    async () => {
      const folder = temporaryFolder();
      const dev = cronduitIn(folder, "dev", "--yes", "--port", "0");
      await expect.poll(() => dev.output(), { timeout: 60_000 }).toMatch(/✓ hello/);
      const output = dev.output();
      expect(output).toMatch(
        /^cronduit \S+ · embedded in \.cronduit · 2 jobs from cronduit\.toml$/m,
      );
      expect(output).toMatch(
        /\d\d:\d\d:\d\d\.\d{3} {2}✓ hello +[\d.]+ s {2}"Hello, World!" {2}next /,
      );
      const [, url, token] = /(http:\/\/127\.0\.0\.1:\d+)\/\?token=(cdl_\w+)/.exec(output) ?? [];
      const answer = await fetch(`${url}/api/session/link`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token }),
      });
      expect(answer.status).toBe(201);
      expect(readFileSync(join(folder, "cronduit.toml"), "utf8")).toBe(EXAMPLE_TOML);
      expect(statSync(join(folder, ".cronduit")).mode & 0o777).toBe(0o700);
      expect(readFileSync(join(folder, ".cronduit/.gitignore"), "utf8")).toBe("*\n");

      writeFileSync(
        join(folder, "cronduit.toml"),
        `[jobs.bad]\ntype = "BASH"\nschedule = "every 1 second"\ncommand = "echo No space left >&2; exit 1"\n`,
      );
      await expect
        .poll(() => dev.output(), { timeout: 60_000 })
        .toMatch(/✗ bad +exit 1, [\d.]+ s {2}No space left .*cronduit why bad/);
      expect(dev.output()).toMatch(/⟳ cronduit\.toml changed: 1 new, 2 removed/);
      expect(await dev.kill("SIGINT")).toEqual({ code: 0, signal: null });
      expect(dev.output()).toContain("Nothing is lost: start again and it goes on.");
    },
    SLOW,
  );

  test(
    "asks before it writes, and writes nothing if nobody can be asked",
    async () => {
      const folder = temporaryFolder();
      const dev = cronduitIn(folder, "dev");
      expect(await dev.exited()).toMatchObject({ code: 2 });
      expect(dev.output()).toContain("NOT_CONFIRMED");
      expect(existsSync(join(folder, "cronduit.toml"))).toBe(false);
    },
    SLOW,
  );
});

describe("with files that it did not write", () => {
  test(
    "lists their commands and runs none without a yes, which it remembers as long as they are the same",
    async () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "cronduit.toml"), FOREIGN);
      const refused = cronduitIn(folder, "dev", "--memory", "--port", "0");
      expect(await refused.exited()).toMatchObject({ code: 2 });
      expect(refused.output()).toMatch(/theirs {2}BASH: touch/);
      expect(refused.output()).toContain("NOT_CONFIRMED");

      const agreed = cronduitIn(folder, "dev", "--memory", "--port", "0", "--yes");
      await expect.poll(() => agreed.output(), { timeout: 60_000 }).toMatch(/✓ theirs/);
      await agreed.kill("SIGTERM");

      const again = cronduitIn(folder, "dev", "--memory", "--port", "0");
      await expect.poll(() => again.output(), { timeout: 60_000 }).toMatch(/✓ theirs/);
      await again.kill("SIGTERM");

      writeFileSync(join(folder, "cronduit.toml"), FOREIGN.replace("touch", "rm"));
      const changed = cronduitIn(folder, "dev", "--memory", "--port", "0");
      expect(await changed.exited()).toMatchObject({ code: 2 });
      expect(changed.output()).toMatch(/theirs {2}BASH: rm/);
    },
    SLOW,
  );

  test(
    "starts nothing of files that are not valid",
    async () => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, "jobs.d"));
      writeFileSync(join(folder, "jobs.d/x.json"), '{ "job_id": "x", "schedule": "61 * * * *" }');
      const dev = cronduitIn(folder, "dev", "--memory", "--yes");
      expect(await dev.exited()).toMatchObject({ code: 2 });
      expect(dev.output()).toMatch(/jobs\.d\/x\.json:1:\d+ error/);
      expect(dev.output()).toContain("INVALID_FILE");
    },
    SLOW,
  );
});

test(
  "time may begin elsewhere and pass faster: an hour of jobs in a minute, through a change of clocks",
  async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, "cronduit.toml"),
      `timezone = "Europe/Berlin"\n[jobs.night]\ntype = "JAVASCRIPT"\nschedule = "30 2 * * *"\ncommand = "console.log('once')"\n`,
    );
    const pace = ["--at", "2026-03-29 01:55", "--speed", "600x"];
    const dev = cronduitIn(folder, "dev", "--yes", "--port", "0", "--tz", "Europe/Berlin", ...pace);
    // 02:30 does not exist that night: the job runs once, at 03:00.
    await expect
      .poll(() => dev.output(), { timeout: 60_000 })
      .toMatch(/03:00:\d\d\.\d{3} {2}✓ night/);
    expect(dev.output()).toContain("time passes 600 times as fast");
    await dev.kill("SIGTERM");
    expect(dev.output()).not.toContain("start again and it goes on");
  },
  SLOW,
);

test.each([
  [["--speed", "fast"], "USAGE"],
  [["--speed", "9999x"], "USAGE"],
  [["--at", "someday"], "INVALID_OPTION"],
])(
  "%s is refused",
  async (words, code) => {
    const dev = cronduitIn(temporaryFolder(), "dev", "--yes", ...words);
    expect(await dev.exited()).toMatchObject({ code: 2 });
    expect(dev.output()).toContain(code);
  },
  SLOW,
);
