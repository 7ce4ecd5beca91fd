// How much each owner may use.
import { beforeEach, expect, test } from "vitest";
import { openDocumentsOf } from "../../src/api/open-documents.ts";
import { Quotas } from "../../src/api/accounts/quotas.ts";
import { Users } from "../../src/api/accounts/users.ts";
import type { Caller } from "../../src/api/caller.ts";
import { partsOf } from "../../src/scheduler/pipeline-scheduler.ts";
import { previewTrigger } from "../../src/triggers.ts";
import { AccountsFleet, MINUTE, Report, START } from "./accounts-fleet.ts";
import { callApi } from "./call-api.ts";

const actor = { kind: "user", id: "ana", role: "editor", owners: ["ana", "billing"] } as const;
const caller: Caller = { actor, via: "session" };
const admin: Caller = { actor: { kind: "user", id: "bob", role: "admin" }, via: "session" };
const exceeded = (quota: string) =>
  expect.objectContaining({
    code: "QUOTA_EXCEEDED",
    data: expect.objectContaining({ quota }) as unknown,
  }) as Error;

let fleet: AccountsFleet;
let quotas: Quotas;

beforeEach(() => {
  fleet = new AccountsFleet();
  quotas = new Quotas(
    {
      jobs: 2,
      shortestInterval: MINUTE,
      backfill: 10,
      logBytes: 1_000,
      owners: { billing: { jobs: 3, backfill: null } },
    },
    { get: async () => undefined },
  );
  return () => fleet.scheduler.shutdown();
});

test("an owner has room for so many jobs; administrators have no quota", async () => {
  const scheduler = fleet.scheduler.as(actor);
  const room = (owner: string, by = caller, count = 1) =>
    quotas.requireRoomForJob(scheduler, { caller: by, owner, count });
  for (let i = 0; i < 2; i += 1) {
    await room("ana");
    await scheduler.addJob(Report, { id: `r${i}`, owner: "ana", trigger: "interval", hours: 1 });
  }
  await expect(room("ana")).rejects.toThrow(exceeded("jobs"));
  await room("billing", caller, 3);
  await expect(room("billing", caller, 4)).rejects.toThrow(exceeded("jobs"));
  await room("ana", admin);
  await room("ana", { actor: { kind: "cli", id: "root" }, via: "local" });
});

test("a job's times are not closer than allowed, wherever they are close", async () => {
  const check = (expression: string) =>
    quotas.requireInterval(
      { caller, owner: "ana" },
      previewTrigger({ trigger: "cron", expression }, { from: new Date(START), count: 100 }),
    );
  await check("*/5 * * * *");
  await check("* * * * *");
  await expect(check("*/30 * * * * *")).rejects.toThrow(exceeded("shortestIntervalMs"));
  await expect(check("0,10 0 0 1 1 *")).rejects.toThrow(/every 1m at most.*10s after/);
  await check("0 0 1 1 *");
  await quotas.requireInterval({ caller, owner: "ana" }, []);
});

test("backfills and logs have their limits; null is none", async () => {
  await quotas.requireBackfill({ caller, owner: "ana" }, 10);
  await expect(quotas.requireBackfill({ caller, owner: "ana" }, 11)).rejects.toThrow(
    exceeded("backfill"),
  );
  await quotas.requireBackfill({ caller, owner: "billing" }, 1_000);
  await quotas.requireBackfill({ caller, owner: undefined }, 1_000);
  await expect(quotas.requireLogBytes({ caller, owner: "billing" }, 1_001)).rejects.toThrow(
    exceeded("logBytes"),
  );
});

test("a user's own come before those of the options", async () => {
  await callApi(fleet.local, "/users", {
    method: "POST",
    body: { id: "ana", quotas: { jobs: 7, streams: null } },
  });
  const engine = partsOf(fleet.scheduler)?.engine;
  if (!engine) throw new Error("no engine");
  const users = new Users(openDocumentsOf(engine), fleet.clock);
  const of = new Quotas({ jobs: 1, streams: 5, backfill: 9, owners: { ana: { jobs: 2 } } }, users);
  expect(await of.of("ana")).toMatchObject({ jobs: 7, streams: null, backfill: 9 });
  expect(await of.of("bob")).toMatchObject({ jobs: 1, streams: 5, shortestIntervalMs: null });
  const { body } = await callApi(fleet.local, "/users/ana", {
    method: "PATCH",
    body: { quotas: { shortestIntervalMs: 5_000 } },
  });
  expect(body).toMatchObject({ quotas: { shortestIntervalMs: 5_000 } });
  expect(await of.of("ana")).toMatchObject({ jobs: 2, streams: 5, shortestIntervalMs: 5_000 });
});

test.each([
  { jobs: -1 },
  { jobs: 1.5 },
  { shortestInterval: -1 },
  { owners: { "a/b": { jobs: 1 } } },
  { owners: { ana: { job: 1 } } },
])("the option %j is refused", (given) => {
  expect(() => new AccountsFleet({ quotas: given as object })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION" }),
  );
});
