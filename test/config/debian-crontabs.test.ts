// The crontabs of Debian packages as they are installed: read without an error, at the times that other libraries say.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";
import { expect, test } from "vitest";
import { readSet } from "../../src/config/read-set.ts";
import { makeTrigger } from "../../src/triggers/create.ts";
import { resolveTrigger } from "../../src/triggers/resolve.ts";
import type { TriggerOptions } from "../../src/triggers/trigger-options.ts";

const FOLDER = fileURLToPath(new URL("debian", import.meta.url));
const FILES = readdirSync(FOLDER).filter((name) => name !== "README.md");
const FROM = Date.UTC(2026, 1, 27, 12);
const COUNT = 100;

function ours({ id: _, ...options }: Readonly<Record<string, unknown>>): string[] {
  const spec = resolveTrigger(options as unknown as TriggerOptions, {
    now: FROM,
    timezone: "UTC",
    jobId: "",
  });
  const trigger = makeTrigger(spec);
  const times: string[] = [];
  for (let at = FROM; times.length < COUNT;) {
    at = trigger.next(at) ?? Infinity;
    times.push(new Date(at).toISOString());
  }
  return times;
}

function croners(expression: string): string[] {
  const cron = new Cron(expression, { timezone: "UTC" });
  return cron.nextRuns(COUNT, new Date(FROM)).map((date) => date.toISOString());
}

function cronParsers(expression: string): string[] {
  const options = { currentDate: new Date(FROM), tz: "UTC" };
  return CronExpressionParser.parse(expression, options)
    .take(COUNT)
    .map((date) => date.toDate().toISOString());
}

test("there are as many as the list says", () => {
  const list = readFileSync(`${FOLDER}/README.md`, "utf8");
  expect(FILES.length).toBeGreaterThanOrEqual(14);
  for (const file of FILES) expect(list).toContain(`\`${file}\``);
});

test.each(FILES)("%s", async (name) => {
  const content = readFileSync(`${FOLDER}/${name}`);
  const set = await readSet([{ file: `/etc/cron.d/${name}`, kind: "system-crontab", content }]);
  if (!set.isValid) throw new Error(JSON.stringify(set.problems));
  // Nothing surprises but variables that have no effect here.
  expect(set.problems.filter(({ code }) => code !== "IGNORED")).toEqual([]);
  const lines = content
    .toString("utf8")
    .split("\n")
    .filter((line) => /^\s*[\d*]/.test(line));
  expect(set.jobs).toHaveLength(lines.length);
  for (const { options, task, line } of set.jobs) {
    const expression = String(options["expression"]);
    const written = content.toString("utf8").split("\n")[line - 1] ?? "";
    // The five fields, the user and the command, as they stand in the line.
    const [, fields = "", user = "", command = ""] =
      /^\s*((?:\S+\s+){4}\S+)\s+(\S+)\s+(.*?)\s*$/.exec(written) ?? [];
    expect(expression.split(/\s+/)).toEqual(fields.split(/\s+/));
    expect(task).toMatchObject({ type: "command", user, command: command.replaceAll("\\%", "%") });
    const times = ours(options);
    expect(times).toEqual(croners(expression));
    expect(times).toEqual(cronParsers(expression));
  }
});
