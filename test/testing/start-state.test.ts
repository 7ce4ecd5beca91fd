// A test that starts from what another fleet had, and goes on as that would have.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { defineJob, when } from "../../src/index.ts";
import type { ExportOptions } from "../../src/scheduler/transfer/export-options.ts";
import { createTestScheduler, type TestScheduler } from "../../src/testing.ts";

const AT = "2027-03-01T02:00:00.000Z";
const done: string[] = [];

const load = defineJob({
  name: "load",
  params: z.object({ mail: z.email(), mode: z.enum(["full", "delta"]) }),
  run: async ({ params, step, sleep, attempt }) => {
    done.push(`load ${params.mode} ${attempt}`);
    await step(`fetch for ${params.mail}`, async () => void done.push("fetch"));
    await sleep("90m");
    return { to: params.mail };
  },
});
const flaky = defineJob({
  name: "flaky",
  run: ({ attempt }) => {
    if (attempt === 1) throw new Error("no route to db.internal");
    return attempt;
  },
});
const quick = defineJob({ name: "quick", run: () => "done" });
const pipelines = [load, flaky, quick];

/** A fleet at two o'clock: a run sleeps, one is to be tried again, one waits for the first, and a backfill is half way. */
async function production(): Promise<TestScheduler> {
  const t = await createTestScheduler({ pipelines, now: "2027-02-28T12:00Z" });
  const params = { mail: "ada@example.com", mode: "delta" } as const;
  await t.addJob(load, { id: "load", trigger: "cron", hour: 1, params });
  await t.addJob(flaky, {
    id: "flaky",
    trigger: "cron",
    hour: 1,
    minute: 59,
    second: 30,
    retry: { attempts: 2, delay: "10m" },
  });
  await t.addJob(quick, {
    id: "report",
    trigger: "cron",
    hour: 1,
    minute: 45,
    condition: when.lastRunSuccessful("load", { within: "1h" }),
    conditionPolicy: { wait: "2h" },
  });
  await t.addJob(quick, { id: "hourly", trigger: "cron", minute: 0 });
  await t.advanceTo(AT);
  return t;
}

async function textOf(t: TestScheduler, options: ExportOptions = {}): Promise<string> {
  let text = "";
  for await (const line of t.exportState({ resume: true, ...options })) text += line;
  return text;
}

describe("a test from a state", () => {
  let plain = "";
  let masked = "";
  beforeAll(async () => {
    await using t = await production();
    masked = await textOf(t, { mask: "all", maskKey: "a key of ours" });
    plain = await textOf(t);
  });

  test("goes on where the fleet was, at the same times", async () => {
    done.length = 0;
    await using t = await createTestScheduler({ pipelines, state: plain });
    // The export itself takes a moment.
    expect(t.now().toISOString().slice(0, 16)).toBe(AT.slice(0, 16));
    expect(t.runs("hourly")).toHaveLength(15);
    expect(t.runs("load")).toMatchObject([{ verdict: "sleeping" }]);
    expect(t.runs("report")).toMatchObject([{ verdict: "queued" }]);
    await t.advanceTo("2027-03-01T03:30Z");
    const [loaded] = t.runs("load");
    expect(loaded).toMatchObject({ verdict: "succeeded", attempt: 1 });
    expect(loaded?.finishedAt?.toISOString()).toBe("2027-03-01T02:30:00.000Z");
    // Its step was done there.
    expect(done).toEqual(["load delta 1"]);
    const [retried] = t.runs("flaky");
    expect(retried).toMatchObject({ verdict: "succeeded", attempt: 2 });
    expect(retried?.startedAt?.toISOString()).toBe("2027-03-01T02:09:30.000Z");
    expect(t.runs("report")[0]?.startedAt?.toISOString()).toBe("2027-03-01T02:30:00.000Z");
    expect(t.runs("hourly").map(({ verdict }) => verdict)).toEqual(
      Array.from({ length: 16 }, () => "succeeded"),
    );
    t.assertAllAccountedFor();
  });

  test("does so from a fixture in which everything is masked, too", async () => {
    expect(masked).not.toMatch(/ada|db\.internal|hourly|report/);
    done.length = 0;
    await using t = await createTestScheduler({ pipelines, state: masked });
    await t.advanceTo("2027-03-02T03:30Z");
    const { jobs } = await t.getJobs();
    const ofLoad = jobs.find(({ pipeline }) => pipeline === "load");
    // The step is found again under its masked name; the next day's run does it anew.
    expect(done).toEqual(["load delta 1", "load delta 1", "fetch", "load delta 1"]);
    expect(t.runs(ofLoad?.id ?? "").map(({ verdict }) => verdict)).toEqual([
      "succeeded",
      "succeeded",
    ]);
    expect(ofLoad?.params).toMatchObject({ mode: "delta" });
    t.assertAllAccountedFor();
  });

  test("keeps schedules if jobs are declared anew, with params of the test", async () => {
    const text = await (async () => {
      await using t = await production();
      return await textOf(t, { mask: ["params", "results"] });
    })();
    done.length = 0;
    await using t = await createTestScheduler({ pipelines, state: text });
    const declared = { id: "load", trigger: "cron", hour: 1 } as const;
    const params = { mail: "test@example.com", mode: "full" } as const;
    await expect(t.addJob(load, { ...declared, params })).rejects.toMatchObject({
      code: "CONFLICTING_ID",
    });
    await t.addJob(load, { ...declared, params, replaceExisting: true });
    await t.advanceTo("2027-03-02T03:00Z");
    expect(t.runs("load").at(-1)?.result).toEqual({ to: "test@example.com" });
    t.assertAllAccountedFor();
  });

  test("can begin later, as after an outage, and not before", async () => {
    await using t = await createTestScheduler({
      pipelines,
      state: plain,
      now: "2027-03-01T06:30Z",
    });
    await t.advanceBy("1m");
    expect(t.runs("hourly").slice(-2)).toMatchObject([
      { verdict: "coalesced", count: 3 },
      { verdict: "succeeded", fireTime: new Date("2027-03-01T06:00Z") },
    ]);
    t.assertAllAccountedFor();
    await expect(
      createTestScheduler({ pipelines, state: plain, now: "2027-03-01T01:59Z" }),
    ).rejects.toThrow(/"now": 2027-03-01T01:59.* is before 2027-03-01T02:0/);
  });

  test.each([
    ["its lines", () => plain.split("\n")],
    [
      "a stream",
      async function* () {
        for (let at = 0; at < plain.length; at += 1_000) yield plain.slice(at, at + 1_000);
      },
    ],
  ] as const)("takes %s", async (_, source) => {
    await using t = await createTestScheduler({ pipelines, state: source() });
    expect(t.runs("hourly")).toHaveLength(15);
  });

  test("takes a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cronduit-fixture-"));
    try {
      writeFileSync(join(folder, "production.ndjson"), plain);
      const state = pathToFileURL(join(folder, "production.ndjson"));
      await using t = await createTestScheduler({ pipelines, state });
      expect(t.runs("hourly")).toHaveLength(15);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    [
      "text that is none",
      "id,name",
      "INVALID_STATE_FILE",
      /^createTestScheduler, option "state", line 1: isn't the header/,
    ],
    [
      "text that is cut off",
      () => plain.slice(0, -20),
      "INVALID_STATE_FILE",
      /^createTestScheduler, option "state", line \d+: isn't JSON/,
    ],
    ["no text", "", "INVALID_STATE_FILE", /^createTestScheduler, option "state": is empty/],
    [
      "a path",
      "./production.ndjson",
      "INVALID_OPTION",
      /"\.\/production\.ndjson" looks like a path\. .*new URL\(/,
    ],
    ["a path of Windows", "C:\\a\\state", "INVALID_OPTION", /looks like a path/],
    ["the text of a URL", "file:///a/state.ndjson", "INVALID_OPTION", /looks like a path.*new URL/],
    [
      "another URL",
      new URL("https://example.com/a"),
      "INVALID_OPTION",
      /https:\/\/ is not where a file is/,
    ],
    [
      "a URL of another host",
      new URL("file://host/a"),
      "INVALID_OPTION",
      /file:\/\/host\/a can't be read.*new URL/,
    ],
    ["a number", 7, "INVALID_OPTION", /7 is no state\. Give its text/],
    ["null", null, "INVALID_OPTION", /null is no state/],
    ["a Buffer", Buffer.from("{}"), "INVALID_OPTION", /an instance of Buffer is no state/],
    ["a promise", Promise.resolve(""), "INVALID_OPTION", /await missing/],
    ["a list of other things", [{}], "INVALID_OPTION", /a list of 1 is no state/],
    [
      "no file",
      pathToFileURL("/nowhere/at/all.ndjson"),
      "INVALID_OPTION",
      /there is no file \/nowhere\/at\/all\.ndjson\. .*new URL\(/,
    ],
    ["a folder", pathToFileURL(tmpdir()), "INVALID_OPTION", /can't be read.*EISDIR/],
  ] as const)("refuses %s", async (_, given, code, told) => {
    const state = (typeof given === "function" ? given() : given) as string;
    await expect(createTestScheduler({ pipelines, state })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(told) as string,
      ...(code === "INVALID_OPTION" ? { data: { path: "state" } } : {}),
    });
  });

  test("passes on what the source throws", async () => {
    const failing = async function* (): AsyncGenerator<string, void> {
      yield plain.slice(0, 1_000);
      throw new Error("lost the connection");
    };
    await expect(createTestScheduler({ pipelines, state: failing() })).rejects.toThrow(
      "lost the connection",
    );
  });
});
