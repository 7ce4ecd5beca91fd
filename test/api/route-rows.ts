// A correct request to each route: for tests that call all of them.
import { type RouteName, contract } from "../../src/api/contract.ts";
import type { Route } from "../../src/api/contract/route.ts";
import { systemClock } from "../../src/core/clock.ts";
import { DAY } from "./accounts-fleet.ts";

/** What a correct request to a route is. */
export interface Row {
  /** Names in the path that are not the job's or the run's. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  /** The statuses of a call that is allowed. @default those of success */
  readonly allowed?: readonly number[];
  /** The answer is a stream: only its status is looked at. */
  readonly isStream?: true;
}

/** The job that requests are about. */
export const JOB = "billing/secret-job";
/** The time of a test may be two days ahead. */
const TO_COME = new Date(systemClock.now() + 4 * DAY).toISOString().slice(0, 10);
const YESTERDAY = new Date(systemClock.now() - DAY).toISOString().slice(0, 10);

/** A route without its row does not compile. */
export const ROWS = {
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
  listFileSources: {},
  exportFiles: {},
  diffFiles: { body: { files: [] } },
  // Also of administrators only those whom allowCommands names.
  applyFiles: { body: { source: "none", files: [] }, allowed: [403] },
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
  getTimeline: {},
  getStats: {},
  getAccount: { query: `from=${YESTERDAY}` },
  getChecks: {},
  fixChecks: {},
  listWorkers: {},
  listQueues: {},
  pauseFleet: {},
  resumeFleet: {},
  listChanges: {},
  signIn: { body: { user: "nobody", password: "wrong-password" }, allowed: [401, 429] },
  signInByLink: { body: { token: "x" }, allowed: [401, 429] },
  whoAmI: {},
  signOut: { body: {}, allowed: [204, 409] },
  listSessions: {},
  endSession: { path: { sessionId: "x".repeat(24) }, allowed: [404] },
  endAllSessions: {},
  setUp: {
    body: { token: "x", user: "eve", password: "violet-harbour-19-otters" },
    allowed: [401],
  },
  beginSecondFactor: { body: { user: "nobody", password: "wrong-password" }, allowed: [401, 429] },
  confirmSecondFactor: {
    body: { user: "nobody", password: "wrong-password", code: "000000" },
    allowed: [401, 429],
  },
  removeSecondFactor: {
    body: { user: "nobody", password: "wrong-password", code: "000000" },
    allowed: [401, 429],
  },
  getSecondFactor: { path: { userId: "self" } },
  resetSecondFactor: { path: { userId: "zoe" }, allowed: [204, 404] },
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

/** Who and what a request is about. */
export interface About {
  readonly jobId: string;
  readonly runId: string;
  /** Whose account, where it is one's own. */
  readonly self: string;
}

/** A request to a route, below the base path. */
export interface RouteRequest {
  readonly method: string;
  readonly path: string;
  /** As JSON; absent: it has none. */
  readonly body?: string;
}

/** The correct request to a route. */
export function requestTo(name: RouteName, { jobId, runId, self }: About): RouteRequest {
  const { method, path } = contract[name] as Route;
  const row: Row = ROWS[name];
  const isOwn = row.path?.["userId"] === "self";
  const names: Readonly<Record<string, string>> = {
    jobId,
    runId,
    ...row.path,
    ...(isOwn ? { userId: self } : {}),
  };
  const at = path.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(names[key] ?? ""),
  );
  const about = (text: string) => text.replaceAll("secret-job", jobId.split("/")[1] ?? "");
  const query = row.query === undefined ? "" : `?${about(row.query)}`;
  const body = "body" in row ? { body: about(JSON.stringify(row.body)) } : {};
  return { method, path: `${at}${query}`, ...body };
}
