// Every way in is on this page: three routes that anybody may call, and two credentials for all others (OWASP ASVS 6.3.4).
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contract, type RouteName } from "../../src/api/contract.ts";
import type { Route } from "../../src/api/contract/route.ts";
import { AccountsFleet, GOOD, Report } from "./accounts-fleet.ts";
import { JOB, requestTo } from "./route-rows.ts";

/** What anybody may call, and what it gives. */
const OPEN: Readonly<Record<string, string>> = {
  live: "whether the process lives",
  ready: "whether it can reach its server, in one word",
  signIn: "a session, for a name and its password",
  beginSecondFactor: "a second factor to be, for a name and its password",
  confirmSecondFactor: "the same",
  removeSecondFactor: "none, for a name, its password and a code",
  signInByLink: "a session, for a token of this machine",
  setUp: "the first administrator, for a token of this machine",
};

const names = Object.keys(contract) as RouteName[];
const closed = names.filter((name) => !(name in OPEN));
const MANY = { address: 1_000_000, caller: 1_000_000, refused: 1_000_000 };
const fleet = new AccountsFleet({ limits: { requestsPerMinute: MANY } });
let runId = "";
let secret = "";
let cookie = "";

beforeAll(async () => {
  await fleet.scheduler.addJob(Report, { id: JOB, owner: "billing", trigger: "cron", hour: 3 });
  runId = await fleet.scheduler.runJob(JOB);
  await fleet.addUser("ana", { role: "admin" });
  ({ secret } = await fleet.tokenOf("ana", { role: "admin" }));
  ({ cookie } = await fleet.browserOf("ana"));
});
afterAll(() => fleet.scheduler.shutdown());

async function statusOf(name: RouteName, change: (init: RequestInit, url: URL) => RequestInit) {
  const { path, ...asked } = requestTo(name, { jobId: JOB, runId, self: "ana" });
  const url = new URL(`http://127.0.0.1/api${path}`);
  const headers = { "content-type": "application/json" };
  const init = change({ ...asked, headers }, url);
  const answer = await fleet.api.fetch(new Request(url, init), { address: "127.0.0.1" });
  await answer.body?.cancel();
  return answer.status;
}

const withHeaders =
  (more: Readonly<Record<string, string>>) =>
  (init: RequestInit): RequestInit => ({
    ...init,
    headers: { ...(init.headers as object), ...more },
  });

test("no other route is open", () => {
  const open = names.filter((name) => (contract[name] as Route).access === "anyone");
  expect(open.toSorted()).toEqual(Object.keys(OPEN).toSorted());
});

const NO_WAYS: Readonly<Record<string, (init: RequestInit, url: URL) => RequestInit>> = {
  "from this machine": (init) => init,
  "as another method": (init) => ({ ...withHeaders({ "x-http-method-override": "GET" })(init) }),
  "as another path": withHeaders({ "x-original-url": "/api/health/live", "x-rewrite-url": "/" }),
  "as somebody that a proxy named": withHeaders({
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-user": "ana",
    "x-remote-user": "ana",
    "x-user-id": "ana",
  }),
  "with HTTP Basic": (init) =>
    withHeaders({ authorization: `Basic ${Buffer.from(`ana:${GOOD}`).toString("base64")}` })(init),
  "with a token in the query": (init, url) => {
    url.searchParams.set("access_token", secret);
    return init;
  },
  "with a token in another header": (init) => withHeaders({ "x-api-key": secret })(init),
  "with a token in a cookie": (init) => withHeaders({ cookie: `token=${secret}` })(init),
  "with a token without its scheme": (init) => withHeaders({ authorization: secret })(init),
  "with a cookie's text as a token": (init) =>
    withHeaders({ authorization: `Bearer ${cookie.split("=")[1] ?? ""}` })(init),
  "with a cookie of another port": (init) =>
    withHeaders({ cookie: `cronduit-81=${cookie.split("=")[1] ?? ""}` })(init),
};

describe.each(Object.entries(NO_WAYS))("%s", (_, change) => {
  test("nobody calls any other", async () => {
    for (const name of closed) expect([name, await statusOf(name, change)]).toEqual([name, 401]);
  });
});

test("a token and a cookie are ways in", async () => {
  expect(await statusOf("listJobs", withHeaders({ authorization: `Bearer ${secret}` }))).toBe(200);
  expect(await statusOf("listJobs", withHeaders({ cookie }))).toBe(200);
});

test("no other method of a path does more than its routes", async () => {
  const headers = { authorization: `Bearer ${secret}` };
  for (const path of new Set(
    closed.map((name) => requestTo(name, { jobId: JOB, runId, self: "ana" }).path),
  ))
    for (const method of ["HEAD", "OPTIONS", "PROPFIND", "PURGE", "LOCK"]) {
      const request = new Request(`http://127.0.0.1/api${path}`, { method });
      const { status } = await fleet.api.fetch(request, { address: "127.0.0.1" });
      expect([path, method, [401, 404, 405]]).toEqual([
        path,
        method,
        expect.arrayContaining([status]),
      ]);
    }
  const trace = { method: "GET", headers: { ...headers, "x-http-method": "TRACE" } };
  const answer = await fleet.api.fetch(new Request("http://127.0.0.1/api/jobs", trace));
  expect(await answer.text()).not.toContain(secret);
});
