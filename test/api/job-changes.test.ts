// Jobs over HTTP: added, changed, replaced, run, paused, overridden and removed.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createApi } from "../../src/api/create-api.ts";
import { jobChangesBody } from "../../src/api/contract/job-body.ts";
import { silentLogger } from "../../src/core/log.ts";
import { JOB_OPTION_NAMES } from "../../src/jobs/options.ts";
import { Pipeline } from "../../src/pipeline/pipeline.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { triggerOptionShapes } from "../../src/triggers/trigger-options.ts";
import { type Asked, type Answered, callApi } from "./call-api.ts";

class Report extends Pipeline.with(
  z.object({
    region: z.string().default("eu"),
    password: z.string().meta({ secret: true }).optional(),
  }),
) {
  run(): { rows: number } {
    return { rows: 7 };
  }
}
class Shell extends Pipeline.with(z.object({ line: z.string() })) {
  static override readonly executesCode = true;
  run(): void {}
}

const scheduler = new PipelineScheduler({
  connection: "memory:",
  pipelines: [Report, Shell],
  logger: silentLogger,
});
const api = createApi({ scheduler }).as({ kind: "cli", id: "ana" });
const call = (path: string, asked?: Asked): Promise<Answered> => callApi(api, path, asked);
const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
  call(path, { method: "POST", body, headers });
const patch = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  call(path, { method: "PATCH", body, headers });
const put = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  call(path, { method: "PUT", body, headers });
const at = (id: string, more = "") => `/jobs/${encodeURIComponent(id)}${more}`;

beforeAll(() => scheduler.start());
beforeEach(async () => {
  await scheduler.removeAllJobs();
});
afterAll(() => scheduler.shutdown());

describe("POST /jobs as the seed writes it", () => {
  const rows: [string, object, object?][] = [
    ["daily", { hour: 2, minute: 0 }],
    ["daily", { at: ["09:00", "17:30"] }],
    ["weekly", { day_of_week: 1, hour: 9, minute: 0 }],
    ["weekly", { day_of_week: "mon", hour: 9, minute: 30 }],
    ["weekly", { day_of_week: "Monday", hour: 9 }, { day_of_week: "mon", hour: 9, minute: 0 }],
    ["weekly", { day_of_week: [1, 3, 5], hour: 12, minute: 0 }],
    ["weekly", { day_of_week: "mon-fri", hour: 12, minute: 0 }],
    ["monthly", { day_of_month: 15, hour: 9, minute: 0 }],
    ["monthly", { day: "last", hour: 9 }, { day_of_month: "last", hour: 9, minute: 0 }],
    [
      "weekly",
      { day_of_week: "mon-wed", at: ["09:00", "17:30"] },
      { day_of_week: ["mon", "tue", "wed"], at: ["09:00", "17:30"] },
    ],
    ["weekly", { day_of_week: [0, 7], at: "09:00" }, { day_of_week: "sun", hour: 9, minute: 0 }],
    ["monthly", { day_of_month: [1, 15], hour: 9, minute: 5 }],
    ["interval", { minutes: 15 }],
    ["interval", { interval_seconds: 90 }, { seconds: 90 }],
    ["interval", { every: "2 hours" }, { hours: 2 }],
    ["interval", { months: 2, at: "09:00" }],
    ["once", { run_date: "2030-01-02T03:04:00.000Z" }],
    ["manual", {}],
    ["custom", { cron_expression: "*/10 8-18 * * 1-5" }],
  ];
  test.each(rows)(
    "%s %j is read back",
    async (schedule_type, schedule_config, read = schedule_config) => {
      const body = {
        pipeline: "Report",
        id: "job",
        is_scheduled: true,
        schedule_type,
        schedule_config,
      };
      const { status, body: job, headers } = await post("/jobs", body);
      expect(job).toMatchObject({ id: "job", schedule_type, schedule_config: read, source: "api" });
      expect(status).toBe(201);
      expect(new URL(headers.get("location") ?? "", "http://host/prefix/api/jobs").pathname).toBe(
        "/prefix/api/jobs/job",
      );
      const isScheduled = schedule_type !== "manual";
      expect(job).toMatchObject({ is_scheduled: isScheduled, last_scheduled_run: null });
      expect((job as { next_run: string | null }).next_run === null).toBe(!isScheduled);
      // What was read can be written again, in either spelling, and changes nothing.
      const { scheduleType, scheduleConfig, revision } = job as Record<string, unknown>;
      const again = await put(at("job"), { pipeline: "Report", scheduleType, scheduleConfig });
      expect(again.body).toMatchObject({ schedule_type, schedule_config: read });
      expect(revision).toBeGreaterThan(0);
    },
  );

  test.each(["every day at 9", "every day at 9am", "0 9 * * *", "daily at 09:00"])(
    "in words: %s",
    async (schedule) => {
      const { body } = await post("/jobs", {
        pipeline: "Report",
        schedule,
        timezone: "Europe/Berlin",
      });
      expect(body).toMatchObject({
        schedule_type: "daily",
        schedule_config: { hour: 9, minute: 0 },
      });
    },
  );

  test("by a trigger's fields, with rules and params", async () => {
    const { body } = await post("/jobs", {
      pipeline: "Report",
      id: "job",
      trigger: "cron",
      hour: 3,
      params: { region: "us", password: "hidden" },
      misfireGraceTime: "1h",
      tags: ["billing"],
    });
    expect(body).toMatchObject({
      params: { region: "us", password: "[secret]" },
      tags: ["billing"],
    });
    expect(JSON.stringify(body)).not.toContain("hidden");
  });

  test("is_scheduled: false is a job that runs on request only, whatever the form still says", async () => {
    const form = { schedule_type: "weekly", schedule_config: {} };
    const { body } = await post("/jobs", { pipeline: "Report", is_scheduled: false, ...form });
    expect(body).toMatchObject({ schedule_type: "manual", is_scheduled: false, next_run: null });
  });
});

const refused: [object, string, string][] = [
  [
    { schedule_type: "daily", schedule_config: { hour: 24 } },
    "INVALID_OPTION",
    "schedule_config.hour",
  ],
  [
    { schedule_type: "daily", schedule_config: { hour: "9" } },
    "INVALID_OPTION",
    "schedule_config.hour",
  ],
  [{ schedule_type: "daily", schedule_config: {} }, "INVALID_OPTION", "schedule_config.hour"],
  [
    { scheduleType: "weekly", scheduleConfig: { dayOfWeek: "mon", minute: 30 } },
    "INVALID_OPTION",
    "scheduleConfig.hour",
  ],
  [
    { schedule_type: "weekly", schedule_config: { day_of_week: "mon-frx", at: ["09:00"] } },
    "INVALID_TRIGGER",
    "schedule_config.day_of_week",
  ],
  [
    { scheduleType: "daily", scheduleConfig: { hour: -1 } },
    "INVALID_OPTION",
    "scheduleConfig.hour",
  ],
  [
    { schedule_type: "weekly", schedule_config: { hour: 9 } },
    "INVALID_OPTION",
    "schedule_config.day_of_week",
  ],
  [
    { scheduleType: "weekly", scheduleConfig: { dayOfWeek: "mo", hour: 9 } },
    "INVALID_TRIGGER",
    "scheduleConfig.dayOfWeek",
  ],
  [
    { schedule_type: "monthly", schedule_config: { day_of_month: 32, hour: 9 } },
    "INVALID_OPTION",
    "schedule_config.day_of_month",
  ],
  [
    { schedule_type: "custom", schedule_config: { cron_expression: "61 * * * *" } },
    "INVALID_TRIGGER",
    "schedule_config.cron_expression",
  ],
  [
    { schedule_type: "custom", schedule_config: { cron: 5 } },
    "INVALID_OPTION",
    "schedule_config.cron",
  ],
  [
    { schedule_type: "interval", schedule_config: { minutes: 0 } },
    "INVALID_TRIGGER",
    "schedule_config.minutes",
  ],
  [
    { schedule_type: "once", schedule_config: { run_date: "soon" } },
    "INVALID_TRIGGER",
    "schedule_config.run_date",
  ],
  [{ schedule_type: "hourly", schedule_config: {} }, "INVALID_OPTION", "schedule_type"],
  [{ schedule_config: { hour: 9 } }, "INVALID_OPTION", "schedule_type"],
  [{ schedule: "whenever" }, "INVALID_TRIGGER", "schedule"],
  [{ schedule: "@daily", trigger: "cron", hour: 3 }, "INVALID_OPTION", "trigger"],
  [{ schedule: "@daily", schedule_type: "manual" }, "INVALID_OPTION", "schedule_type"],
  [{ schedule_type: "manual", scheduleType: "manual" }, "INVALID_OPTION", "scheduleType"],
  [{}, "INVALID_OPTION", "schedule"],
  [{ is_scheduled: true }, "INVALID_OPTION", "schedule_type"],
  [{ trigger: "cron", hour: 25 }, "INVALID_TRIGGER", "hour"],
  [{ trigger: "cron", hour: 9, maxInstances: 1e300 }, "INVALID_OPTION", "maxInstances"],
  [{ trigger: "cron", hour: 9, tags: "x" }, "INVALID_OPTION", "tags"],
  [{ trigger: "cron", hour: 9, nonsense: 1 }, "INVALID_OPTION", "nonsense"],
  [{ trigger: "cron", hour: 9, id: "" }, "INVALID_OPTION", "id"],
  [{ trigger: "cron", hour: 9, id: "a\u0000b" }, "INVALID_OPTION", "id"],
  [{ trigger: "cron", hour: 9, params: { region: 5 } }, "INVALID_PARAMS", "region"],
  [{ trigger: "cron", hour: 9, timezone: "Mars/Base" }, "INVALID_TIMEZONE", "timezone"],
  [{ pipeline: "Nope", trigger: "cron", hour: 9 }, "UNKNOWN_PIPELINE", ""],
];

test.each(refused)("POST /jobs %j is refused: %s at %s", async (body, code, path) => {
  const answer = await post("/jobs", { pipeline: "Report", ...body });
  expect(answer).toMatchObject({ status: 400, body: { code, ...(path && { path }) } });
  expect((await call("/jobs")).body).toMatchObject({ items: [] });
});

test.each([
  '{"pipeline":"Report","trigger":"manual","__proto__":{"id":"x"}}',
  '{"pipeline":"Report","trigger":"manual","constructor":{"prototype":{}}}',
  `{"pipeline":"Report","trigger":${"[".repeat(50)}${"]".repeat(50)}}`,
  '{"pipeline":"Report","schedule_type":"daily","schedule_config":{"__proto__":{"hour":1}}}',
  "[]",
  "null",
  '"x"',
  "5",
  "{",
  "",
])("a hostile body %s is refused", async (body) => {
  const answer = await post("/jobs", body);
  expect(answer.status).toBe(400);
  expect(({} as { hour?: unknown }).hour).toBeUndefined();
});

test.each([
  ["POST", "/jobs", { pipeline: "Report", trigger: "cron", day_of_week: 1 }, "", '"dayOfWeek"?'],
  ["POST", "/jobs", { pipeline: "Report", id: "job", schedule: "@hourly" }, "PUT", "with PUT."],
  ["PATCH", "/jobs/job", { timezone: "Asia/Tokyo" }, "", "belongs to a schedule"],
  ["PATCH", "/jobs/nope", {}, "GET /jobs", "There is no job"],
])("%s %s %j: the answer says what to do", async (method, path, body, hint, message) => {
  await post("/jobs", { pipeline: "Report", id: "job", schedule: "@daily" });
  const answer = await call(path, { method, body });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.body).toMatchObject({
    message: expect.stringContaining(message) as string,
    hint: expect.stringContaining(hint) as string,
  });
  expect(JSON.stringify(answer.body)).not.toMatch(/data\.path|getJobs|replaceExisting/);
});

test("a number of a query is not said to be in quotes", async () => {
  const { body } = await call("/jobs?limit=5000");
  expect(body).toMatchObject({ message: expect.stringMatching(/leave it out\.$/) as string });
});

test("the contract knows every option of a job and of each kind of trigger", () => {
  const known = new Set(Object.keys(jobChangesBody.shape));
  const fixed = new Set(["id", "queue", "replaceExisting", "ifRevision"]);
  const options = [
    ...[...JOB_OPTION_NAMES].filter((name) => !fixed.has(name)),
    ...Object.values(triggerOptionShapes).flatMap((shape) => Object.keys(shape)),
  ];
  expect(options.filter((name) => !known.has(name))).toEqual([]);
});

describe.each(["a/b c", "100%", "with#hash", "über", "日本"])("the job %s", (id) => {
  test("is added, changed, run, paused, resumed, overridden and removed", async () => {
    const added = await put(at(id), { pipeline: "Report", schedule: "every 6 hours" });
    expect(added).toMatchObject({ status: 201, body: { id, schedule_type: "interval" } });
    const changed = await patch(at(id), {
      description: "mine",
      schedule_type: "daily",
      schedule_config: { hour: 4 },
    });
    expect(changed).toMatchObject({
      status: 200,
      body: { description: "mine", schedule_type: "daily" },
    });
    const next = (changed.body as { nextRun: string }).nextRun;
    const ran = await post(at(id, "/run"), { wait: 60, note: "by hand" });
    expect(ran).toMatchObject({
      status: 202,
      body: { jobId: id, run: { verdict: "succeeded", result: { rows: 7 } } },
    });
    expect((await post(at(id, "/run"))).body).toMatchObject({ run: null });
    expect(
      (await post(at(id, "/pause"), { reason: "stocktaking", until: "2h", note: "why" })).body,
    ).toMatchObject({
      status: "paused",
      pausedReason: "stocktaking",
      is_scheduled: true,
    });
    expect((await call(at(id, "/paused-occurrences"))).body).toEqual({ count: 0, fireTimes: [] });
    expect((await post(at(id, "/resume"))).body).toMatchObject({ state: "active", nextRun: next });
    expect(
      (await put(at(id, "/override"), { schedule: "every hour", until: "2h" })).body,
    ).toMatchObject({
      schedule_type: "interval",
      overrides: { schedule: {} },
    });
    expect(
      (await call(at(id, "/override?which=schedule"), { method: "DELETE" })).body,
    ).toMatchObject({
      schedule_type: "daily",
      overrides: null,
    });
    expect((await call(at(id, `/explain?at=${next}`))).body).toMatchObject({ state: "future" });
    const time = encodeURIComponent(next);
    expect((await post(at(id, `/occurrences/${time}/skip`), { reason: "holiday" })).status).toBe(
      204,
    );
    const { body: list } = await call(at(id, `/occurrences?to=${time}`));
    expect((list as { items: { state: string }[] }).items.map(({ state }) => state)).toContain(
      "will-skip",
    );
    expect((await call(at(id, `/occurrences/${time}/skip`), { method: "DELETE" })).status).toBe(
      204,
    );
    const { body: changes } = await call(at(id, "/changes"));
    expect(JSON.stringify(changes)).toContain("why");
    expect((await call(at(id, "/account?from=2026-01-01"))).status).toBe(200);
    expect((await call(at(id, "/backfill"))).body).toEqual({ backfill: null });
    expect((await call(at(id, "/logs?all=true"), { method: "DELETE" })).status).toBe(200);
    expect((await call(at(id, "/runs?all=true"), { method: "DELETE" })).status).toBe(200);
    expect((await call(at(id), { method: "DELETE" })).status).toBe(204);
    expect((await call(at(id))).status).toBe(404);
  });
});

describe("If-Match", () => {
  const daily = { pipeline: "Report", schedule: "daily at 03:00" };

  test("a stale revision changes nothing, and the present one is told", async () => {
    const { headers } = await put(at("job"), daily);
    const stale = { "if-match": headers.get("etag") ?? "" };
    const { body: job } = await patch(at("job"), { description: "first" }, stale);
    const { revision } = job as { revision: number };
    const lost = { status: 412, body: { code: "REVISION_CHANGED", data: { revision } } };
    expect(await patch(at("job"), { description: "second" }, stale)).toMatchObject(lost);
    expect(await put(at("job"), daily, stale)).toMatchObject(lost);
    expect(await post(at("job", "/pause"), {}, stale)).toMatchObject(lost);
    expect(await post(at("job", "/resume"), {}, stale)).toMatchObject(lost);
    expect(await put(at("job", "/override"), { paused: true }, stale)).toMatchObject(lost);
    expect(await call(at("job", "/override"), { method: "DELETE", headers: stale })).toMatchObject(
      lost,
    );
    expect(await call(at("job"), { method: "DELETE", headers: stale })).toMatchObject(lost);
    expect((await call(at("job"))).body).toMatchObject({ description: "first", revision });
    const fresh = { "if-match": String(revision) };
    expect((await call(at("job"), { method: "DELETE", headers: fresh })).status).toBe(204);
    expect(await put(at("job"), daily, fresh)).toMatchObject({ status: 412 });
  });

  test("of two writers who read the same, one wins", async () => {
    const { headers } = await put(at("job"), daily);
    const both = { "if-match": headers.get("etag") ?? "" };
    const ends = await Promise.all([
      patch(at("job"), { description: "ann" }, both),
      patch(at("job"), { description: "bob" }, both),
    ]);
    expect(ends.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412]);
  });

  test("If-None-Match: * adds a job, and replaces none", async () => {
    const none = { "if-none-match": "*" };
    expect((await put(at("job"), daily, none)).status).toBe(201);
    expect(await put(at("job"), daily, none)).toMatchObject({ status: 412 });
  });

  test.each([
    { "if-match": "x" },
    { "if-match": 'W/"1"' },
    { "if-match": "*" },
    { "if-none-match": '"1"' },
  ])("PUT with %j is refused", async (headers) => {
    expect(await put(at("job"), daily, headers)).toMatchObject({
      status: 400,
      body: { code: "INVALID_REQUEST" },
    });
  });

  test("PUT is as given, whatever was patched since", async () => {
    await put(at("job"), daily);
    await patch(at("job"), { description: "patched", schedule: "daily at 04:00" });
    const { status, body } = await put(at("job"), daily);
    expect(status).toBe(200);
    expect(body).toMatchObject({ description: null, schedule_config: { hour: 3 } });
  });
});

describe("Idempotency-Key", () => {
  const body = { pipeline: "Report", schedule_type: "once", schedule_config: { in: "1 hour" } };
  let n = 0;
  const key = () => ({ "idempotency-key": `key-${(n += 1)}` });
  const count = async () => ((await call("/jobs/count")).body as { total: number }).total;

  test("the first answer is given again, and nothing is done again", async () => {
    const headers = key();
    const first = await post("/jobs", body, headers);
    const again = await post("/jobs", body, headers);
    expect(again.body).toEqual(first.body);
    expect(again.status).toBe(201);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    expect(await count()).toBe(1);
  });

  test("at the same time, it is done once", async () => {
    const headers = key();
    const ends = await Promise.all(Array.from({ length: 8 }, () => post("/jobs", body, headers)));
    expect(await count()).toBe(1);
    for (const { status, body: told } of ends)
      if (status !== 201) expect(told).toMatchObject({ code: "IDEMPOTENCY_KEY_IN_USE" });
  });

  test("another body is refused; an error of the caller's is told again; another caller has another key", async () => {
    const headers = key();
    expect((await post("/jobs", { ...body, pipeline: "Nope" }, headers)).status).toBe(400);
    const again = await post("/jobs", { ...body, pipeline: "Nope" }, headers);
    expect(again).toMatchObject({ status: 400, body: { code: "UNKNOWN_PIPELINE" } });
    expect(await post("/jobs", body, headers)).toMatchObject({
      status: 422,
      body: { code: "IDEMPOTENCY_KEY_REUSED" },
    });
    const bob = createApi({ scheduler }).as({ kind: "cli", id: "bob" });
    expect((await callApi(bob, "/jobs", { method: "POST", body, headers })).status).toBe(201);
  });

  test.each(["", " ", "x".repeat(256), "ü"])("the key %j is refused", async (given) => {
    const request = new Request("http://127.0.0.1/api/jobs", { method: "POST" });
    if (given !== "ü") request.headers.set("idempotency-key", given);
    const headers = given === "ü" ? { "idempotency-key": "a b" } : { "idempotency-key": given };
    expect((await post("/jobs", body, headers)).status).toBe(400);
  });
});

describe("many jobs", () => {
  test("are looked at, paused, counted and removed", async () => {
    for (const id of ["a", "b", "c"])
      await put(at(id), {
        pipeline: "Report",
        schedule: "daily at 03:00",
        tags: id === "c" ? [] : ["x"],
      });
    const plan = await post("/jobs/bulk", { action: "pause", filter: { tag: "x" }, dryRun: true });
    expect(plan.body).toMatchObject({ matched: 2, dryRun: true });
    expect((plan.body as { ids: string[] }).ids.toSorted()).toEqual(["a", "b"]);
    expect(
      (await post("/jobs/bulk", { action: "pause", filter: { tag: "x" }, reason: "audit" })).body,
    ).toMatchObject({
      changed: 2,
    });
    expect((await call("/jobs/count?by=state")).body).toMatchObject({ total: 3 });
    expect((await post("/jobs/bulk", { action: "resume", ids: ["a"] })).body).toMatchObject({
      changed: 1,
    });
    expect((await post("/jobs/bulk", { action: "remove", all: true })).body).toMatchObject({
      changed: 3,
    });
  });

  test.each([
    [{ action: "pause" }, "all"],
    [{ action: "pause", filter: {} }, "all"],
    [{ action: "remove", all: true, reason: "x" }, "reason"],
    [{ action: "explode", all: true }, "action"],
  ])("%j is refused", async (body, path) => {
    expect(await post("/jobs/bulk", body)).toMatchObject({
      status: 400,
      body: { code: "INVALID_OPTION", path },
    });
  });
});

test("GET /pipelines has names, schemas, secrets, and what executes code", async () => {
  const { body } = await call("/pipelines");
  expect(body).toMatchObject({
    items: [
      {
        name: "Report",
        secretParams: ["password"],
        executesCode: false,
        paramsSchema: { properties: { password: { writeOnly: true } } },
      },
      { name: "Shell", executesCode: true },
    ],
  });
});

describe("schedules", () => {
  test("a preview has words, times with what the clock does, and what a downtime would do", async () => {
    const { body } = await post("/schedules/preview", {
      schedule_type: "daily",
      schedule_config: { hour: 2, minute: 30 },
      timezone: "Europe/Berlin",
      from: "2026-03-28",
      count: 2,
      misfireGraceTime: "1h",
      downtime: { from: "2026-03-28 01:00", to: "2026-03-28 09:00" },
    });
    expect(body).toMatchObject({
      schedule_type: "daily",
      timezone: "Europe/Berlin",
      next: [
        { local: "2026-03-28 02:30", flags: [] },
        { local: "2026-03-29 03:00", flags: ["in DST gap, moved"] },
      ],
      downtime: { due: 1, missed: 1, ran: 0 },
    });
  });

  test("a difference names the times that go, come and stay", async () => {
    await put(at("job"), { pipeline: "Report", schedule: "daily at 03:00" });
    const { body } = await post("/schedules/diff", {
      jobId: "job",
      after: { schedule: "0 3 * * 1-5" },
      from: "2026-03-06",
      count: 3,
    });
    expect(body).toMatchObject({
      kept: ["2026-03-06T03:00:00.000Z"],
      removed: ["2026-03-07T03:00:00.000Z", "2026-03-08T03:00:00.000Z"],
      added: [],
    });
  });

  test.each([
    ["preview", {}, "schedule"],
    [
      "preview",
      {
        schedule: "every second",
        from: "2026-01-01",
        downtime: { from: "2026-01-01", to: "2026-03-01" },
      },
      "downtime.to",
    ],
    ["preview", { schedule: "@daily", count: 101 }, "count"],
    ["diff", { after: { schedule: "@daily" } }, "before"],
    [
      "diff",
      {
        before: { schedule: "@daily" },
        after: { schedule_type: "daily", schedule_config: { hour: 99 } },
      },
      "after.schedule_config.hour",
    ],
  ])("%s %j is refused", async (what, body, path) => {
    expect(await post(`/schedules/${what}`, body)).toMatchObject({ status: 400, body: { path } });
  });
});
