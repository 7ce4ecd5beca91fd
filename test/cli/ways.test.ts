// One suite, three ways: in this process, over the daemon's socket, and over its URL. The answers are the same.
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { contract, type RouteName } from "../../src/api/contract.ts";
import type { Route } from "../../src/api/contract/route.ts";
import { CliFleet, type Way, WAYS } from "./cli-fleet.ts";

/** A name that would command a terminal. */
const HOSTILE = "evil\u001b[2J\u009b31m\u202Egnp\u0007";

/** What commands a terminal, but for the ends of lines. */
const CONTROLS =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/;

let fleet: CliFleet;
beforeAll(async () => {
  fleet = await CliFleet.start(inject("redisUrl"));
  const { scheduler, tasks } = fleet;
  const params = { command: ["true"] };
  const yearly = { trigger: "cron", month: 1, day: 1, hour: 0 } as const;
  await scheduler.addJob(tasks.command, { ...yearly, id: "report", params, tags: ["billing"] });
  await scheduler.addJob(tasks.command, { ...yearly, id: "export", params, tags: ["billing"] });
  await scheduler.addJob(tasks.command, {
    ...yearly,
    id: "fails",
    description: HOSTILE,
    params: { command: ["sh", "-c", String.raw`printf '\033[2J\033[31mred\n'; exit 3`] },
  });
  await scheduler.addJob(tasks.command, {
    ...yearly,
    id: "waits",
    params,
    condition: "fails.last_run_successful",
  });
  await fleet.run("process", ["job", "run", "fails", "--wait"]);
}, 60_000);
afterAll(() => fleet[Symbol.asyncDispose]());

/** Checks an answer by the published schema of its route. */
function ofRoute(name: RouteName, value: unknown): void {
  const { answer }: Route = contract[name];
  if (answer === null || typeof answer === "string") throw new Error(`${name} answers no JSON`);
  expect(answer.parse(value)).toEqual(value);
}

const READING: readonly (readonly [string, RouteName, readonly string[]])[] = [
  ["job list", "listJobs", ["job", "list"]],
  ["job list of a tag", "listJobs", ["job", "list", "--tag", "billing", "--order", "id"]],
  ["job show", "getJob", ["job", "show", "report"]],
  ["run list", "listRuns", ["run", "list", "--verdict", "failed,skipped"]],
  ["run show", "getRun", ["run", "show", "fails"]],
  ["run logs", "getRunLogs", ["run", "logs", "fails"]],
  ["why", "explainOccurrence", ["why", "waits", "--at", "2027-01-01 00:00"]],
  ["why of the last", "explainOccurrence", ["why", "fails"]],
  ["preview", "previewSchedule", ["preview", "30 2 * * *", "--from", "2026-03-28T00:00Z"]],
  ["stats", "getStats", ["stats", "--since", "2026-01-01", "--until", "2026-02-01"]],
  ["backfill --status", "getBackfill", ["job", "backfill", "report", "--status"]],
  ["user list", "listUsers", ["user", "list"]],
  ["user show", "getUser", ["user", "show", "ana"]],
];

describe("reading answers alike in all three ways", () => {
  test.each(READING)("%s", async (_, route, argv) => {
    const answers = await Promise.all(WAYS.map((way) => fleet.json(way, argv)));
    ofRoute(route, answers[0]);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    const tables = await Promise.all(WAYS.map((way) => fleet.run(way, argv)));
    for (const { code, out } of tables) {
      expect(code).toBe(0);
      // What was typed a moment later is a second older.
      expect(withoutAges(out)).toBe(withoutAges(tables[0]?.out ?? ""));
    }
  });

  test.each(WAYS)("ndjson is an item a line: %s", async (way) => {
    const { out } = await fleet.run(way, ["job", "list", "-o", "ndjson", "--order", "id", "--all"]);
    const ids = out
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { id: string }).id);
    expect(ids).toEqual(expect.arrayContaining(["export", "fails", "report", "waits"]));
  });

  test("workers", async () => {
    for (const way of WAYS) {
      const answer = await fleet.json(way, ["workers"]);
      ofRoute("listWorkers", answer);
      expect(answer).toMatchObject({ items: [{ pid: process.pid }] });
    }
  });
});

function withoutAges(text: string): string {
  return text.replaceAll(
    /(?:in )?\d[\d.]* (?:ms|s|min|h|days)(?: \d+ (?:s|min|h))?(?: ago)?/g,
    "…",
  );
}

describe.each(WAYS)("changing: %s", (way) => {
  const job = `made-${way}`;
  const run = (...argv: string[]) => fleet.run(way, argv);

  test("a job from its beginning to its end", async () => {
    const created = await run(
      "job",
      "create",
      job,
      "--schedule=0 1 * * *",
      "--timezone=Europe/Berlin",
      "--yes",
      `--tag=${way}`,
      "--",
      "sh",
      "-c",
      "echo out; exit $CODE",
    );
    expect(created).toMatchObject({ code: 0, out: `${job}\n` });
    expect(created.err).toContain("at 01:00 (Europe/Berlin)");

    const edited = await run(
      "job",
      "edit",
      job,
      "--schedule",
      "30 8 * * 1-5",
      "--set",
      "retry=2",
      "-y",
    );
    expect(edited.code).toBe(0);
    expect(edited.err).toMatch(/at 01:00 .* → at 08:30 on Monday to Friday/);
    expect(edited.err.match(/^ {4}[-+] /gm)?.length).toBe(10);
    expect(await fleet.json(way, ["job", "show", job])).toMatchObject({
      timezone: "Europe/Berlin",
      schedule: "at 08:30 on Monday to Friday (Europe/Berlin)",
      tags: [way],
    });

    const skipped = await run("job", "skip", job, "--note", "holiday", "-y");
    expect(skipped).toMatchObject({ code: 0 });
    const undo = /Undo: cronduit (.*)/.exec(skipped.err)?.[1]?.split(" ") ?? [];
    expect((await run(...undo)).err).toContain("after all");

    const paused = await run("job", "pause", job, "--until", "Mon 09:00", "--note", "INC-1", "-y");
    expect(paused.err).toMatch(
      /1 job would be paused until Mon .* 09:00:00|1 job would be paused until .*0[78]:00:00/,
    );
    expect(paused.err).toContain(`Undo: cronduit job resume ${job}`);
    const resumed = await run("job", "resume", job, "-y");
    expect(resumed).toMatchObject({ code: 0 });

    expect(await run("job", "run", job, "--wait", "--timeout", "1m")).toMatchObject({ code: 0 });
    expect((await run("run", "logs", job)).out).toMatch(/ {2}out\n$/);
    expect((await run("run", "retry", job, "--wait")).code).toBe(0);
    expect((await run("cleanup-logs", job, "--before", "2024-12-01 00:00:00")).err).toBe(
      `0 logs of ${job} deleted.\n`,
    );
    expect((await run("cleanup-logs", job, "--all")).err).toBe(`2 logs of ${job} deleted.\n`);

    expect(await run("job", "remove", job, "-y")).toMatchObject({ code: 0 });
    expect(await run("job", "show", job)).toMatchObject({ code: 3, out: "" });
  });

  test("a run that fails is exit 1, one that takes too long 124", async () => {
    const failed = await run("job", "run", "fails", "--wait");
    expect(failed.code).toBe(1);
    expect(failed.out).toContain("✗ failed");
    const slow = await run("job", "create", `slow-${way}`, "--manual", "-y", "--", "sleep", "30");
    expect(slow.code).toBe(0);
    const waited = await run("job", "run", `slow-${way}`, "--wait", "--timeout", "1s");
    expect(waited.code).toBe(124);
    const [id = ""] = /^slow-\S+/m.exec(waited.err) ?? [];
    expect((await run("run", "cancel", id, "--reason", "enough")).code).toBe(0);
  });

  test("many: how many first, then what was done", async () => {
    const dry = await run("job", "pause", "--tag", "billing", "--dry-run");
    expect(dry).toMatchObject({ code: 0, err: "2 jobs would be paused.\n" });
    const paused = await run("job", "pause", "--tag", "billing", "-y", "-o", "json");
    ofRoute("bulkJobs", JSON.parse(paused.out));
    expect(paused.err).toContain("2 paused.  Undo: cronduit job resume export report");
    const resumed = await run("job", "resume", "export", "report", "-y");
    expect(resumed.err).toContain("2 resumed.");
  });

  test("nobody to ask is an error that says what to say", async () => {
    const asked = await run("job", "pause", "report");
    expect(asked).toMatchObject({ code: 2, out: "" });
    expect(asked.err).toMatch(/Say --yes\.\s+NOT_CONFIRMED \(exit 2\)/);
    const declined = await fleet.run(way, ["job", "pause", "report"], {
      isTerminal: true,
      typed: "n\n",
    });
    expect(declined.err).toContain("Nothing was done.");
    expect(await fleet.json(way, ["job", "show", "report"])).toMatchObject({ state: "active" });
  });

  test("errors: a sentence, a way out, the code", async () => {
    expect(await run("job", "show", "repotr")).toEqual({
      code: 3,
      out: "",
      err: 'error No job "repotr". Did you mean "report"?   cronduit job list --all   JOB_NOT_FOUND (exit 3)\n',
    });
    expect((await run("why", "repotr")).code).toBe(3);
    expect((await run("run", "show", "nope:1:2")).code).toBe(3);
    expect((await run("job", "edit", "report", "--schedule", "61 * * * *", "-y")).code).toBe(2);
    expect((await run("run", "cancel", "nope:1:2")).code).toBe(3);
    const taken = ["job", "create", "report", "--schedule", "@daily", "-y", "--", "false"];
    expect((await run(...taken)).code).toBe(6);
  });

  test("what jobs and programs write can't command the terminal", async () => {
    for (const argv of [
      ["job", "show", "fails"],
      ["run", "logs", "fails"],
      ["run", "list"],
      ["job", "list", "-o", "json"],
    ]) {
      const { out, err } = await run(...argv);
      expect(out + err).not.toMatch(CONTROLS);
    }
    expect((await run("run", "logs", "fails", "--raw")).out).toContain("\u001b[2J");
  });
});

test("who made a change is the person at the terminal, in each way", async () => {
  const jobId = "report";
  for (const way of ["process", "socket"] as Way[]) {
    await fleet.run(way, ["job", "pause", jobId, "-y"]);
    const { changes } = await fleet.scheduler.getChanges({ jobId, what: "paused", limit: 1 });
    expect(changes[0]?.by).toMatchObject({ kind: "cli", id: "ana" });
    await fleet.run(way, ["job", "resume", jobId, "-y"]);
  }
});
