// Every route, called by everybody: who may not is refused, and what belongs to others does not exist.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contract, type RouteName } from "../../src/api/contract.ts";
import type { Access, Route } from "../../src/api/contract/route.ts";
import { systemClock } from "../../src/core/clock.ts";
import { AccountsFleet, DAY, Report } from "./accounts-fleet.ts";
import { type Answered, callApi } from "./call-api.ts";
import { JOB, requestTo, type Row, ROWS } from "./route-rows.ts";

const NEVER = "billing/never-was1";
const OTHER_JOB = "sales/job";

/** Of what does not exist they answer nothing, as of a job that never was, instead of 404; PUT makes a job of the caller's own. */
const OPEN_TO_STRANGERS: ReadonlySet<RouteName> = new Set([
  "explainOccurrence",
  "listJobRuns",
  "replaceJob",
]);
/** The limits are not what is tested. */
const MANY = { address: 1_000_000, caller: 1_000_000, refused: 1_000_000 };
const OK = [200, 201, 202, 204];
const RANK: Readonly<Record<Access, number>> = { anyone: 0, viewer: 1, editor: 2, admin: 3 };
const WITHOUT = ["none", "wrong", "expired", "revoked", "a JWT of somebody deleted"] as const;
const PEOPLE = {
  stranger: { role: "editor", teams: ["sales"] },
  viewer: { role: "viewer", teams: ["billing"] },
  editor: { role: "editor", teams: ["billing"] },
  admin: { role: "admin" },
} as const;
type Person = keyof typeof PEOPLE;

/** The real time, and a while of our own. */
let aheadMs = 0;
const clock: typeof systemClock = {
  ...systemClock,
  now: () => systemClock.now() + aheadMs,
};

const fleet = new AccountsFleet({ limits: { requestsPerMinute: MANY } }, clock);
const credentials = new Map<string, string>();
const told = new Set<string>();
let runId: string;

beforeAll(async () => {
  await fleet.addUser("gone", { role: "editor" });
  credentials.set("a JWT of somebody deleted", await fleet.jwtOf("gone"));
  await callApi(fleet.local, "/users/gone", { method: "DELETE" });
  for (const [name, given] of Object.entries(PEOPLE)) await fleet.addUser(name, given);
  credentials.set(
    "expired",
    (await fleet.tokenOf("admin", { role: "admin", expiresInDays: 1 })).secret,
  );
  aheadMs = 2 * DAY;
  const revoked = await fleet.tokenOf("admin", { role: "admin", name: "old" });
  credentials.set("revoked", revoked.secret);
  await callApi(fleet.local, `/tokens/${revoked.id}`, { method: "DELETE" });
  credentials.set("wrong", `cdt_${"0".repeat(64)}`);
  for (const [name, { role }] of Object.entries(PEOPLE))
    credentials.set(name, (await fleet.tokenOf(name, { role, name: "matrix" })).secret);
});

afterAll(async () => {
  await fleet.scheduler.shutdown();
});

/** Puts everything back that a call may have changed. */
async function prepare(): Promise<void> {
  const { scheduler } = fleet;
  const options = { trigger: "cron", hour: 3, timezone: "UTC", replaceExisting: true } as const;
  await scheduler.removeJobs({ ids: [JOB] });
  await scheduler.addJob(Report, { ...options, id: JOB, owner: "billing" });
  await scheduler.addJob(Report, { ...options, id: OTHER_JOB, owner: "sales" });
  runId = await scheduler.runJob(JOB);
  await scheduler.resume();
}

async function ask(
  name: RouteName,
  as: string | undefined,
  { person, isAbout = JOB }: { readonly person?: Person; readonly isAbout?: string } = {},
): Promise<Answered> {
  const about = { jobId: isAbout, runId: runId.replace(JOB, isAbout), self: person ?? "admin" };
  const { path, ...asked } = requestTo(name, about);
  const headers: Readonly<Record<string, string>> =
    as === undefined ? {} : { authorization: `Bearer ${as}` };
  return isStream(name)
    ? status(path, { ...asked, headers })
    : fleet.call(path, { ...asked, headers });
}

/** The status of an answer that is no JSON; a stream is closed at once. */
async function status(path: string, init: RequestInit): Promise<Answered> {
  const answer = await fleet.api.fetch(new Request(`http://127.0.0.1/api${path}`, init));
  await answer.body?.cancel();
  return { status: answer.status, headers: answer.headers, body: undefined };
}

describe.each(Object.keys(contract) as RouteName[])("%s", (name) => {
  const { access, path } = contract[name] as Route;
  const row: Row = ROWS[name];
  const isOfJob = /\{(?:jobId|runId)\}/.test(path);

  test.each(WITHOUT)("with the credential: %s", async (which) => {
    await prepare();
    const answer = await ask(name, credentials.get(which));
    if (access === "anyone") return;
    expect(answer).toMatchObject({ status: 401 });
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    if (which === "none" || row.isStream) return;
    // Whatever is wrong with it, the answer is the same.
    told.add(JSON.stringify(answer.body));
    expect(told.size).toBe(1);
  });

  test.each(Object.keys(PEOPLE) as Person[])("as %s", async (person) => {
    await prepare();
    const { role } = PEOPLE[person];
    const answer = await ask(name, credentials.get(person), { person });
    if (RANK[role] < RANK[access]) expect(answer).toMatchObject({ status: 403 });
    else if (person !== "stranger") expect(row.allowed ?? OK).toContain(answer.status);
    else if (isOfJob && !OPEN_TO_STRANGERS.has(name)) expect(answer.status).toBe(404);
    expect(answer.status).toBeLessThan(500);
    if (person !== "stranger") return;
    // As of a job that never was; and where none is named, not a word of it.
    const never = await ask(name, credentials.get(person), { person, isAbout: NEVER });
    expect(withoutNames(answer)).toBe(withoutNames(never));
    if (!isNamed(name)) expect(JSON.stringify(answer.body ?? "")).not.toContain("secret-job");
  });
});

function isStream(name: RouteName): boolean {
  const row: Row = ROWS[name];
  return row.isStream === true;
}

/** Whether a request names the job itself. */
function isNamed(name: RouteName): boolean {
  const { path, query, body }: Row & { readonly path?: unknown } = ROWS[name];
  return (
    /\{(?:jobId|runId)\}/.test(contract[name].path) ||
    JSON.stringify([path, query, body]).includes("secret-job")
  );
}

/** An answer without the names in it, and without what differs each time. */
function withoutNames({ status: code, body }: Answered): string {
  return `${code} ${JSON.stringify(body ?? "")}`
    .replaceAll(NEVER, JOB)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "-")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "-");
}
