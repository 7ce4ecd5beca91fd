// Quotas where they are met: every route by which somebody could have more than its owner may.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AccountsFleet, DAY, HOUR, MINUTE, Report, START } from "./accounts-fleet.ts";
import { type Answered, callApi } from "./call-api.ts";

const LIMITS = { jobs: 3, shortestInterval: "1m", backfill: 5, logBytes: 10_000 } as const;
const every = (seconds: number) => ({ trigger: "interval", seconds });

/** The code of an answer and, of a quota, which. */
function told({ status, body }: Answered): string {
  const { code, data } = (body ?? {}) as { code?: string; data?: { quota?: string } };
  return [status, code, data?.quota].filter((part) => part !== undefined).join(" ");
}

const over = (quota: string) => `403 QUOTA_EXCEEDED ${quota}`;

async function fleetWith(quotas: object): Promise<{ fleet: AccountsFleet; as: string }> {
  const fleet = new AccountsFleet({ quotas });
  await fleet.addUser("ana", { role: "editor", teams: ["crew"] });
  const { secret: as } = await fleet.tokenOf("ana", { role: "editor", name: "edits" });
  return { fleet, as };
}

describe("of jobs", () => {
  let fleet: AccountsFleet;
  let as: string;
  const ask = (method: string, path: string, body?: object) =>
    fleet.call(path, { method, as, ...(body === undefined ? {} : { body }) });
  const job = (id: string, more: object = {}) => ({
    pipeline: "report",
    id,
    owner: "ana",
    trigger: "cron",
    minute: "0",
    ...more,
  });

  beforeAll(async () => {
    ({ fleet, as } = await fleetWith({ ...LIMITS, owners: { crew: { jobs: 1 } } }));
    const answer = told(await ask("POST", "/jobs", job("one")));
    if (answer !== "201") throw new Error(answer);
  });
  afterAll(() => fleet.scheduler.shutdown());

  test.each([
    ["a trigger", every(10)],
    ["a kind that is not named", { trigger: undefined, daily: true, at: ["09:00", "09:00:30"] }],
    ["words", { trigger: undefined, seconds: undefined, schedule: "every 10 seconds" }],
    ["a crontab's text", { trigger: undefined, seconds: undefined, schedule: "*/10 * * * * *" }],
    [
      "a type",
      {
        trigger: undefined,
        seconds: undefined,
        schedule_type: "interval",
        schedule_config: { interval_seconds: 10 },
      },
    ],
    [
      "what becomes close later",
      {
        ...every(3_600),
        trigger: "or",
        seconds: undefined,
        triggers: [
          { trigger: "interval", hours: 1 },
          { trigger: "cron", second: "*/10", startDate: new Date(START + 20 * DAY).toISOString() },
        ],
      },
    ],
  ])("the shortest interval: %s", async (_, times) => {
    const {
      id: __,
      owner: ___,
      pipeline,
      ...rest
    } = { ...job("one"), minute: undefined, ...times };
    const body = JSON.parse(JSON.stringify(rest)) as object;
    const whole = { pipeline, ...body, owner: "ana" };
    expect(told(await ask("POST", "/jobs", { ...whole, id: "close" }))).toBe(
      over("shortestIntervalMs"),
    );
    expect(told(await ask("PUT", "/jobs/ana%2Fclose", whole))).toBe(over("shortestIntervalMs"));
    expect(told(await ask("PUT", "/jobs/ana%2Fone", whole))).toBe(over("shortestIntervalMs"));
    expect(told(await ask("PATCH", "/jobs/ana%2Fone", body))).toBe(over("shortestIntervalMs"));
    expect(told(await ask("PUT", "/jobs/ana%2Fone/override", { schedule: body }))).toBe(
      over("shortestIntervalMs"),
    );
    expect((await ask("GET", "/jobs/ana%2Fone")).body).toMatchObject({ overrides: null });
  });

  test("an override in words, and one that is within", async () => {
    const put = (schedule: string) => ask("PUT", "/jobs/ana%2Fone/override", { schedule });
    expect(told(await put("every 30 seconds"))).toBe(over("shortestIntervalMs"));
    expect(told(await put("every 2 minutes"))).toBe("200");
    expect(told(await ask("DELETE", "/jobs/ana%2Fone/override"))).toBe("200");
  });

  test("log bytes: POST, PUT, PATCH", async () => {
    const logs = { logs: { maxBytes: 10_001 } };
    expect(told(await ask("POST", "/jobs", job("big", logs)))).toBe(over("logBytes"));
    expect(told(await ask("PUT", "/jobs/ana%2Fone", job("ana/one", logs)))).toBe(over("logBytes"));
    expect(told(await ask("PATCH", "/jobs/ana%2Fone", logs))).toBe(over("logBytes"));
    expect(told(await ask("PATCH", "/jobs/ana%2Fone", { logs: { maxBytes: 10_000 } }))).toBe("200");
  });

  test("a backfill's size, dry or not", async () => {
    const path = "/jobs/ana%2Fone/backfill";
    const from = (hours: number) => new Date(fleet.clock.now() - hours * HOUR).toISOString();
    const to = from(0);
    expect(told(await ask("POST", path, { from: from(8), to }))).toBe(over("backfill"));
    expect(told(await ask("POST", path, { from: from(8), to, dryRun: true }))).toBe(
      over("backfill"),
    );
    expect(told(await ask("POST", path, { from: from(3), to }))).toBe("202");
  });

  test("how many: POST, PUT, and by giving one away; what replaces one is none more", async () => {
    expect(told(await ask("POST", "/jobs", job("two")))).toBe("201");
    expect(told(await ask("PUT", "/jobs/ana%2Fthree", job("ana/three")))).toBe("201");
    expect(told(await ask("POST", "/jobs", job("four")))).toBe(over("jobs"));
    const { id: _, ...without } = job("");
    expect(told(await ask("POST", "/jobs", without))).toBe(over("jobs"));
    expect(told(await ask("PUT", "/jobs/ana%2Ffour", job("ana/four")))).toBe(over("jobs"));
    expect(told(await ask("PUT", "/jobs/ana%2Fthree", job("ana/three", { minute: "30" })))).toBe(
      "200",
    );
    expect(told(await ask("POST", "/jobs", job("two")))).toBe("201");
    expect(told(await ask("PATCH", "/jobs/ana%2Ftwo", { description: "x" }))).toBe("200");
    // Other teams have their own room, and none for a second one.
    const crew = { owner: "crew" };
    expect(told(await ask("POST", "/jobs", job("own", crew)))).toBe("201");
    expect(told(await ask("PATCH", "/jobs/ana%2Ftwo", crew))).toBe(over("jobs"));
    expect(told(await ask("PUT", "/jobs/ana%2Ftwo", job("ana/two", crew)))).toBe(over("jobs"));
    expect(told(await ask("PATCH", "/jobs/crew%2Fown", { owner: "ana" }))).toBe(over("jobs"));
    // Bulk adds nothing; what it removes makes room.
    const all = { ids: ["ana/one", "ana/two", "ana/three"] };
    expect(told(await ask("POST", "/jobs/bulk", { action: "run", ...all }))).toBe("200");
    expect(told(await ask("POST", "/jobs/bulk", { action: "remove", ids: ["ana/two"] }))).toBe(
      "200",
    );
    expect(told(await ask("POST", "/jobs", job("four")))).toBe("201");
  });
});

test("a job that is given away has the times that its new owner may have", async () => {
  const { fleet, as } = await fleetWith({ owners: { crew: { shortestInterval: "1m" } } });
  await fleet.scheduler.addJob(Report, {
    id: "ana/fast",
    owner: "ana",
    trigger: "interval",
    seconds: 1,
  });
  const body = { owner: "crew" };
  const given = await fleet.call("/jobs/ana%2Ffast", { method: "PATCH", as, body });
  expect(told(given)).toBe(over("shortestIntervalMs"));
  await fleet.scheduler.shutdown();
});

test("the last place is given once, however many ask at the same moment", async () => {
  const { fleet, as } = await fleetWith({ jobs: 2 });
  const asked = Array.from({ length: 8 }, (_, i) =>
    i % 2 === 0
      ? fleet.call("/jobs", {
          method: "POST",
          as,
          body: { pipeline: "report", id: `j${i}`, owner: "ana", ...every(60) },
        })
      : fleet.call(`/jobs/ana%2Fj${i}`, {
          method: "PUT",
          as,
          body: { pipeline: "report", owner: "ana", ...every(60) },
        }),
  );
  const answers = (await Promise.all(asked)).map(told);
  expect(answers.filter((each) => each === over("jobs"))).toHaveLength(6);
  expect((await fleet.scheduler.countJobs({ owner: "ana" })).total).toBe(2);
  await fleet.scheduler.shutdown();
});

describe("of accounts", () => {
  test("requests a minute, by all of a user's sessions and tokens together", async () => {
    const { fleet, as } = await fleetWith({ requestsPerMinute: 4 });
    const { secret } = await fleet.tokenOf("ana", { role: "viewer" });
    const path = "/jobs";
    const remaining: (string | undefined)[] = [];
    for (const credential of [as, secret, as, secret]) {
      const { status, headers } = await fleet.call(path, { as: credential });
      expect(status).toBe(200);
      expect(headers.get("ratelimit-policy")).toBe('"minute";q=4;w=60');
      remaining.push(/r=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1]);
    }
    expect(remaining).toEqual(["3", "2", "1", "0"]);
    const refused = await fleet.call(path, { as: secret });
    expect(told(refused)).toBe("429 RATE_LIMITED requestsPerMinute");
    expect(refused.headers.get("ratelimit")).toMatch(/r=0;/);
    expect(Number(refused.headers.get("retry-after"))).toBe(15);
    // Others, administrators, and what needs no credential are not held up.
    await fleet.addUser("bob", { role: "editor" });
    await fleet.addUser("eve", { role: "admin" });
    for (const other of ["bob", "eve"])
      expect(told(await fleet.call(path, { as: await fleet.jwtOf(other) }))).toBe("200");
    expect(told(await fleet.call("/health/live"))).toBe("200");
    await fleet.clock.pass(MINUTE / 4);
    expect(told(await fleet.call(path, { as }))).toBe("200");
    expect(told(await fleet.call(path, { as }))).toMatch(/^429/);
    await fleet.scheduler.shutdown();
  });

  test("a user's own come first, and hold at once; 0 is none", async () => {
    const { fleet, as } = await fleetWith({ requestsPerMinute: 100 });
    await setQuotas(fleet, { requestsPerMinute: 0 });
    const refused = await fleet.call("/jobs", { as });
    expect(told(refused)).toBe("429 RATE_LIMITED requestsPerMinute");
    expect(Number(refused.headers.get("retry-after"))).toBe(60);
    await setQuotas(fleet, { requestsPerMinute: null });
    expect(told(await fleet.call("/jobs", { as }))).toBe("200");
    await fleet.scheduler.shutdown();
  });

  test("streams that are open at once, of events and of logs", async () => {
    const { fleet, as } = await fleetWith({ streams: 2 });
    const { secret } = await fleet.tokenOf("ana", { role: "viewer" });
    await fleet.scheduler.addJob(Report, { id: "ana/job", owner: "ana", trigger: "manual" });
    const runId = await fleet.scheduler.runJob("ana/job");
    const open = (path: string, credential: string) =>
      fleet.api.fetch(
        new Request(`http://127.0.0.1/api${path}`, {
          headers: { authorization: `Bearer ${credential}` },
        }),
        { address: "203.0.113.7" },
      );
    const logs = `/runs/${encodeURIComponent(runId)}/logs?follow=true`;
    const events = await open("/events", as);
    const log = await open(logs, secret);
    expect([events.status, log.status]).toEqual([200, 200]);
    for (const path of ["/events", logs]) {
      const refused = await open(path, as);
      const { code, data } = (await refused.json()) as { code: string; data: object };
      expect([refused.status, code]).toEqual([429, "TOO_MANY_STREAMS"]);
      expect(data).toEqual({ quota: "streams", limit: 2 });
    }
    await log.body?.cancel();
    const again = await open("/events", as);
    expect(again.status).toBe(200);
    for (const { body } of [events, again]) await body?.cancel();
    await fleet.scheduler.shutdown();
  });
});

async function setQuotas({ local }: AccountsFleet, quotas: object): Promise<void> {
  const changed = await callApi(local, "/users/ana", { method: "PATCH", body: { quotas } });
  expect(changed).toMatchObject({ status: 200 });
}
