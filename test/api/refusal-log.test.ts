// Whoever watches over the server learns of refused requests: who, from where, what and when; and no attack fills the log.
import { afterEach, beforeEach, expect, test } from "vitest";
import { START } from "./accounts-fleet.ts";
import { silentLogger } from "../../src/core/log.ts";
import { createApi, type Api } from "../../src/api/create-api.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { StillClock } from "../helpers/still-clock.ts";

const REFUSED = "a request to the HTTP API was refused";
let clock: StillClock;
let scheduler: PipelineScheduler;
let api: Api;
let lines: (readonly [level: string, message: string, fields: object])[];

beforeEach(() => {
  clock = new StillClock(START);
  lines = [];
  const log = (level: string) => (message: string, fields?: object) =>
    void lines.push([level, message, { ...fields }]);
  const logger = { ...silentLogger, info: log("info"), warn: log("warn"), error: log("error") };
  scheduler = new PipelineScheduler({ connection: "memory:", logger, clock, worker: false });
  const requestsPerMinute = { address: 1_000_000, caller: 2, refused: 1_000_000 };
  api = createApi({ scheduler, auth: {}, limits: { requestsPerMinute } });
});
afterEach(() => scheduler.shutdown());

const ask = (
  path: string,
  init: RequestInit = {},
  address = "203.0.113.7",
  of: Pick<Api, "fetch"> = api,
) => of.fetch(new Request(`http://127.0.0.1/api${path}`, init), { address });
const post = (body: object, headers = {}) => ({
  method: "POST",
  body: JSON.stringify(body),
  headers: { "content-type": "application/json", ...headers },
});

test("a credential, a right, a name, a page, a limit and a body that were refused", async () => {
  const viewer = api.as({ kind: "user", id: "eve", role: "viewer", owners: ["eve"] } as never);
  await ask("/jobs?token=hidden");
  await ask("/users", post({ id: "x" }), "local", viewer);
  await ask("/jobs", { headers: { origin: "https://evil.example" } });
  await ask("/jobs", { headers: { host: "evil.example" } });
  await ask("/session", post({ user: "ana", password: "hidden-and-wrong" }));
  await ask("/session", post({ user: 5 }));
  await ask("/session", post({ user: "x".repeat(2_000_000) }));
  const path = "/api/session";
  const [address, time] = ["203.0.113.7", "2026-06-01T00:00:00.000Z"];
  const line = (level: string, fields: object) => [
    level,
    REFUSED,
    { method: "POST", path, address, time, ...fields },
  ];
  const get = { method: "GET", path: "/api/jobs" };
  expect(lines).toEqual([
    line("warn", { code: "NOT_AUTHENTICATED", ...get }),
    line("warn", { code: "NOT_ALLOWED", path: "/api/users", address: "local", by: "user eve" }),
    line("warn", { code: "ORIGIN_NOT_ALLOWED", ...get }),
    line("warn", { code: "HOST_NOT_ALLOWED", ...get }),
    line("info", { code: "INVALID_OPTION" }),
    line("warn", { code: "PAYLOAD_TOO_LARGE" }),
  ]);
  // The wrong password is one more that was refused to the same address: it is counted, and in the audit.
  await clock.pass(10_000);
  await ask("/jobs");
  expect(lines.at(-2)).toEqual([
    "warn",
    "more requests to the HTTP API were refused",
    { suppressed: 1, time: "2026-06-01T00:00:10.000Z" },
  ]);
  expect(JSON.stringify(lines)).not.toContain("hidden");
});

test("what is not there, and what has changed, is no refusal", async () => {
  const local = api.as({ kind: "cli", id: "ana" });
  expect((await ask("/jobs/nope", {}, "local", local)).status).toBe(404);
  expect((await ask("/nope", {}, "local", local)).status).toBe(404);
  expect(lines).toEqual([]);
});

test("a flood of addresses makes 200 lines in ten seconds, and one that counts the rest", async () => {
  for (let i = 0; i < 1_000; i += 1) await ask("/jobs", {}, `10.0.${i >> 8}.${i & 255}`);
  expect(lines.length).toBeGreaterThan(100);
  expect(lines.length).toBeLessThanOrEqual(200);
  const before = lines.length;
  await clock.pass(10_000);
  await ask("/jobs");
  expect(lines.slice(before)).toEqual([
    [
      "warn",
      "more requests to the HTTP API were refused",
      expect.objectContaining({ suppressed: 1_000 - before }),
    ],
    ["warn", REFUSED, expect.objectContaining({ code: "NOT_AUTHENTICATED" })],
  ]);
});

test("a caller who sends too much is named", async () => {
  const made = await ask(
    "/users",
    post({ id: "ana", role: "viewer" }),
    "local",
    api.as({ kind: "cli", id: "x" }),
  );
  expect(made.status).toBe(201);
  const token = await ask(
    "/tokens",
    post({ user: "ana", name: "ci" }),
    "local",
    api.as({ kind: "cli", id: "x" }),
  );
  const { secret } = (await token.json()) as { secret: string };
  for (let i = 0; i < 3; i += 1)
    await ask("/session", { headers: { authorization: `Bearer ${secret}` } });
  expect(lines).toEqual([
    ["warn", REFUSED, expect.objectContaining({ code: "RATE_LIMITED", by: "token ana/ci" })],
  ]);
});
