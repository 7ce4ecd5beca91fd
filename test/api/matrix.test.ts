// Every route, called by everybody: who may not is refused, and what belongs to others does not exist.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contract, type RouteName } from "../../src/api/contract.ts";
import type { Access, Route } from "../../src/api/contract/route.ts";
import { systemClock } from "../../src/core/clock.ts";
import { AccountsFleet, DAY, Report } from "./accounts-fleet.ts";
import { type Answered, callApi } from "./call-api.ts";

/** What a correct request to a route is. */
interface Row {
  /** Names in the path that are not the job's or the run's. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  /** The statuses of a call that is allowed. @default those of success */
  readonly allowed?: readonly number[];
  /** The answer is a stream: only its status is looked at. */
  readonly isStream?: true;
}

const JOB = "billing/secret-job";
const NEVER = "billing/never-was1";
const OTHER_JOB = "sales/job";
/** The test's own time is two days ahead. */
const TO_COME = new Date(systemClock.now() + 4 * DAY).toISOString().slice(0, 10);
const YESTERDAY = new Date(systemClock.now() - DAY).toISOString().slice(0, 10);

/** A route without its row does not compile. */
const ROWS = {
  live: {},
  ready: {},
  openApi: {},
  docs: { isStream: true },
  listJobs: {},
  countJobs: {},
  getJob: {},
  createJob: {
    body: { pipeline: "report", id: "new", owner: "billing", schedule: "every day at 9:00" },
  },
  updateJob: { body: { description: "changed" } },
  replaceJob: { body: { pipeline: "report", owner: "billing", schedule: "every day at 9:00" } },
  deleteJob: {},
  runJob: { body: {} },
  pauseJob: { body: {} },
  resumeJob: { body: {} },
  overrideJob: { body: { paused: true } },
  clearOverride: {},
  bulkJobs: { body: { action: "pause", ids: [JOB] } },
  listOccurrences: {},
  listPausedOccurrences: {},
  explainOccurrence: { query: `at=${YESTERDAY}T03:00:00Z` },
  skipOccurrence: { path: { time: `${TO_COME}T03:00:00.000Z` }, body: {} },
  unskipOccurrence: { path: { time: `${TO_COME}T03:00:00.000Z` } },
  listJobChanges: {},
  getJobAccount: { query: `from=${YESTERDAY}` },
  deleteJobLogs: { query: "all=true" },
  deleteJobRuns: { query: "all=true" },
  startBackfill: { body: { from: YESTERDAY } },
  getBackfill: { allowed: [200, 404] },
  pauseBackfill: { body: {}, allowed: [204, 409] },
  resumeBackfill: { body: {}, allowed: [204, 409] },
  cancelBackfill: { body: {}, allowed: [204, 409] },
  listPipelines: {},
  previewSchedule: { body: { schedule: "every day at 9:00" } },
  diffSchedules: { body: { jobId: JOB, after: { schedule: "every day at 9:00" } } },
  listRuns: {},
  listJobRuns: {},
  getRun: {},
  cancelRun: { body: {}, allowed: [200, 202, 409] },
  retryRun: { body: {}, allowed: [200, 201, 202, 409] },
  getRunLogs: {},
  listSteps: {},
  followEvents: { isStream: true },
  getOverview: {},
  listStrips: { query: `jobId=${encodeURIComponent(JOB)}` },
  getStats: {},
  getAccount: { query: `from=${YESTERDAY}` },
  listWorkers: {},
  listQueues: {},
  pauseFleet: {},
  resumeFleet: {},
  listChanges: {},
  signIn: { body: { user: "nobody", password: "wrong-password" }, allowed: [401, 429] },
  whoAmI: {},
  signOut: { body: {}, allowed: [204, 409] },
  listSessions: {},
  endSession: { path: { sessionId: "x".repeat(24) }, allowed: [404] },
  endAllSessions: {},
  setUp: {
    body: { token: "x", user: "eve", password: "violet-harbour-19-otters" },
    allowed: [401],
  },
  listTokens: {},
  createToken: { body: { name: "another" }, allowed: [403] },
  revokeToken: { path: { tokenId: "x".repeat(24) }, allowed: [404] },
  listAudit: {},
  listUsers: {},
  createUser: { body: { id: "zoe" }, allowed: [201, 409] },
  getUser: { path: { userId: "self" } },
  changeUser: { path: { userId: "zoe" }, body: { role: "viewer" }, allowed: [200, 404] },
  deleteUser: { path: { userId: "zoe" }, allowed: [204, 404] },
  changePassword: {
    path: { userId: "self" },
    body: { oldPassword: "wrong-password", newPassword: "violet-harbour-20-otters" },
    allowed: [401, 403],
  },
  resetPassword: { path: { userId: "zoe" }, allowed: [200, 404] },
  endSessionsOfUser: { path: { userId: "zoe" }, allowed: [200, 204, 404] },
} satisfies Readonly<Record<RouteName, Row>>;

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
  const { method, path } = contract[name] as Route;
  const row: Row = ROWS[name];
  const names: Readonly<Record<string, string>> = {
    jobId: isAbout,
    runId: runId.replace(JOB, isAbout),
    ...row.path,
    ...(row.path?.["userId"] === "self" ? { userId: person ?? "admin" } : {}),
  };
  const at = path.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(names[key] ?? ""),
  );
  const about = (text: string) => text.replaceAll("secret-job", isAbout.split("/")[1] ?? "");
  const query = row.query === undefined ? "" : `?${about(row.query)}`;
  const headers: Readonly<Record<string, string>> =
    as === undefined ? {} : { authorization: `Bearer ${as}` };
  if (row.isStream) return status(`${at}${query}`, { method, headers });
  const body = "body" in row ? { body: about(JSON.stringify(row.body)) } : {};
  return fleet.call(`${at}${query}`, { method, headers, ...body });
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
