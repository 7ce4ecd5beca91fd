// Secrets of every kind are planted wherever one can enter, and looked for in all that leaves: every answer, event, log line, change
// and audit entry, and what is exported.
import { randomBytes, randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { type TOTP, URI } from "otpauth";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { z } from "zod";
import { contract, type RouteName } from "../../src/api/contract.ts";
import { type Api, createApi } from "../../src/api/create-api.ts";
import { lineLogger, type Logger } from "../../src/core/log.ts";
import { EVENT_ALL } from "../../src/jobs/event.ts";
import { Pipeline } from "../../src/pipeline/pipeline.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { browserAfter } from "./accounts-fleet.ts";
import type { Answered } from "./call-api.ts";
import { JOB, requestTo } from "./route-rows.ts";

const planted = new Map<string, string>();
/** Makes a secret, or takes note of one that was made. */
function plant(name: string, text = `Kx${randomBytes(12).toString("hex")}`): string {
  planted.set(name, text);
  return text;
}

/** All that left, and where it was seen. */
const seen: { readonly where: string; readonly text: string }[] = [];
const see = (where: string, text: string) => void seen.push({ where, text });

/** Fields too, as a logger of one's own gets them, with causes and stacks. */
const lines = lineLogger("debug", (line) => see("a log line", line));
const logger: Logger = Object.fromEntries(
  (["debug", "info", "warn", "error"] as const).map((level) => [
    level,
    (message: string, fields?: object) => {
      lines[level](message, { ...fields });
      see("a log line", inspect([message, fields], { depth: 20 }));
    },
  ]),
) as unknown as Logger;

const secret = () => z.string().meta({ secret: true });
const params = z.object({
  title: z.string(),
  password: secret(),
  keys: z.array(secret()).default([]),
  headers: z.record(z.string(), secret()).default({}),
  db: z.union([z.object({ url: secret() }), z.object({ file: z.string() })]).optional(),
  pin: z.number().meta({ secret: true }).optional(),
  token: secret().default(() => planted.get("a default") ?? ""),
  login: secret()
    .transform((text) => text.toUpperCase())
    .optional(),
});
/** What runs were given. */
const received: unknown[] = [];

/** Says all that it knows wherever it can, and fails with it. */
class Leak extends Pipeline.with(params) {
  async run({ params: given, log, step, progress }: this["Context"]): Promise<void> {
    received.push(given);
    const all = JSON.stringify(given);
    log.info(`with ${all}`, { given, all });
    progress(0.5, all);
    await step("look", () => ({ all, given }));
    const cause = new Error(`because of ${all}`);
    throw Object.assign(new Error(`failed with ${all}`, { cause }), { name: all.slice(0, 200) });
  }
}
/** As it was when nobody knew that it would be secret. */
class Before extends Pipeline.with(z.object({ key: z.string() })) {
  static override readonly pipelineName = "Later";
  run(): void {}
}
class After extends Pipeline.with(z.object({ key: secret() })) {
  static override readonly pipelineName = "Later";
  run(): void {}
}

const prefix = `canary_${randomUUID().slice(0, 8)}`;
let api: Api;
let scheduler: PipelineScheduler;
let runId = "";
const tokens = { admin: "", editor: "", viewer: "" };
const MANY = { address: 1_000_000, caller: 1_000_000, refused: 1_000_000 };

/** Calls a path, and sees the answer, without what it tells only here. */
async function call(
  path: string,
  init: Omit<RequestInit, "body"> & { readonly body?: unknown } = {},
  {
    tells = [],
    door = api,
  }: { readonly tells?: readonly string[]; readonly door?: Pick<Api, "fetch"> } = {},
): Promise<Answered> {
  const { body, ...rest } = init;
  const headers = new Headers(rest.headers);
  if (body !== undefined && !headers.has("content-type"))
    headers.set("content-type", "application/json");
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const request = new Request(`http://127.0.0.1/api${path}`, { ...rest, headers, body: text });
  const answer = await door.fetch(request, { address: "203.0.113.7" });
  const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const content = isStream ? await firstOf(answer) : await answer.text();
  const all = `${answer.status} ${inspect([...answer.headers])} ${content}`;
  see(
    `${rest.method ?? "GET"} ${path}`,
    tells.reduce((left, one) => left.replaceAll(one, ""), all),
  );
  const isJson = answer.headers.get("content-type")?.includes("json") === true;
  const json: unknown = isJson && content !== "" ? JSON.parse(content) : undefined;
  return { status: answer.status, headers: answer.headers, body: json };
}

async function firstOf(answer: Response): Promise<string> {
  const reader = answer.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  await reader?.cancel();
  return value ? new TextDecoder().decode(value as Uint8Array) : "";
}

const bossSignIn = () => ({ user: "boss", password: planted.get("the administrator's password") });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const post = (body: unknown, headers: Readonly<Record<string, string>> = {}) => ({
  method: "POST",
  body,
  headers,
});

/** What a program of this machine makes, whose answer is not looked at. */
async function local<T>(path: string, body: unknown): Promise<T> {
  const request = new Request(`http://127.0.0.1/api${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await api.as({ kind: "cli", id: "root" }).fetch(request);
  expect(answer.ok).toBe(true);
  return (await answer.json()) as T;
}

async function addUser(id: string, given: object): Promise<void> {
  const made = await local<{ oneTimePassword: string }>("/users", { id, ...given });
  const oneTime = plant(`${id}'s one-time password`, made.oneTimePassword);
  const password = plant(`${id}'s password`);
  const body = { user: id, password: oneTime, newPassword: password };
  const answer = await call("/session", post(body));
  expect(answer.status).toBe(201);
  see("headers", inspect([...answer.headers]).replaceAll(cookieOf(answer), ""));
}

function cookieOf(answer: Answered): string {
  return browserAfter(answer).cookie.split("=")[1] ?? "";
}

beforeAll(async () => {
  const jwt = { secrets: [plant("the JWT secret"), plant("the JWT secret before")] };
  for (const [i, text] of jwt.secrets.entries())
    jwt.secrets[i] = plant(`JWT secret ${i}`, text.padEnd(48, text));
  const connection = inject("redisUrl");
  await using first = new PipelineScheduler({ connection, prefix, pipelines: [Before], logger });
  const key = plant("a param that became secret later");
  await first.addJob(Before, {
    id: "billing/later",
    owner: "billing",
    trigger: "cron",
    hour: 3,
    params: { key },
  });
  await first.modifyJob("billing/later", { params: { key: plant("the one that it became") } });
  await first.runJob("billing/later", { params: { key: plant("of a run by hand, later secret") } });
  await first.shutdown();

  scheduler = new PipelineScheduler({
    connection,
    prefix,
    pipelines: [Leak, After],
    logger,
  });
  scheduler.addListener((event) => see("an event", inspect(event, { depth: 20 })), EVENT_ALL);
  await scheduler.start();
  api = createApi({ scheduler, auth: { jwt }, limits: { requestsPerMinute: MANY } });
});

afterAll(() => scheduler.shutdown());

describe("secrets go in:", () => {
  test("of people", async () => {
    const setup = await api.setupToken();
    const token = plant("the set-up token", setup?.token);
    const refused = plant("a set-up token that is none", `cds_${randomBytes(32).toString("hex")}`);
    const password = plant("the administrator's password");
    const weak = { token, user: "boss", password: "password1" };
    expect(await call("/setup", post({ ...weak, token: refused }))).toMatchObject({ status: 401 });
    expect(await call("/setup", post(weak))).toMatchObject({ status: 400 });
    expect(await call("/setup", post({ ...weak, password }))).toMatchObject({ status: 201 });
    await addUser("eddi", { role: "editor", teams: ["billing"] });
    await addUser("vera", { role: "viewer", teams: ["billing"] });
    for (const [role, user] of [
      ["admin", "boss"],
      ["editor", "eddi"],
      ["viewer", "vera"],
    ] as const) {
      const made = await local<{ secret: string }>("/tokens", { user, name: role, role });
      tokens[role] = plant(`the token of ${user}`, made.secret);
    }
  });

  test("by signing in", async () => {
    const boss = bossSignIn();
    const request = new Request("http://127.0.0.1/api/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(boss),
    });
    const answer = await api.fetch(request);
    const body = (await answer.json()) as object;
    const browser = browserAfter({ status: 201, headers: answer.headers, body });
    plant("a session's cookie", browser.cookie.split("=")[1]);
    const csrf = plant("a session's csrf", browser.csrf);
    expect(await call("/session", { headers: browser.headers }, { tells: [csrf] })).toMatchObject({
      status: 200,
    });
    const { token } = await local<{ token: string }>("/session", { ...boss, as: "jwt" });
    plant("a JWT", token);
    expect(await call("/session", { headers: bearer(token) })).toMatchObject({ status: 200 });
    const wrong = [
      { ...boss, password: plant("a wrong password") },
      { user: "nobody", password: plant("a password of nobody") },
      { user: plant("a password as the name"), password: "x" },
      { ...boss, newPassword: plant("one that is too long", randomBytes(300).toString("hex")) },
      {
        ...boss,
        password: plant("one with a field that is none"),
        passwort: plant("a field that is none"),
      },
    ];
    for (const one of wrong)
      expect((await call("/session", post(one))).status).toBeGreaterThan(399);
    const change = {
      oldPassword: plant("a wrong old password"),
      newPassword: plant("a password that does not become one"),
    };
    expect(await call("/users/boss/password", post(change, browser.headers))).toMatchObject({
      status: 401,
    });
    const cut = `{"user":"boss","password":"${plant("a body that is no JSON")}`;
    expect(await call("/session", post(cut))).toMatchObject({ status: 400 });
    const unquoted = `{"user":"boss","password":${plant("a body that is no JSON either")}}`;
    expect(await call("/session", post(unquoted))).toMatchObject({ status: 400 });
    const plain = { "content-type": "text/plain" };
    expect(await call("/session", post(plant("a body that is a text"), plain))).toMatchObject({
      status: 400,
    });
    const reset = await local<{ oneTimePassword: string }>("/users/vera/password/reset", undefined);
    plant("a password of a reset", reset.oneTimePassword);
  });

  test("of a second factor", async () => {
    const eddi = { user: "eddi", password: planted.get("eddi's password") };
    const begun = await call("/second-factor", post(eddi));
    seen.pop();
    const { secret: key, uri } = begun.body as { secret: string; uri: string };
    plant("a second factor's secret", key);
    const code = (URI.parse(uri) as TOTP).generate();
    const confirmed = await call("/second-factor/confirm", post({ ...eddi, code }));
    seen.pop();
    const { recoveryCodes } = confirmed.body as { recoveryCodes: string[] };
    for (const [i, one] of recoveryCodes.entries()) plant(`recovery code ${i}`, one);
    const wrong = { ...eddi, code: plant("a code that is none") };
    expect(await call("/session", post(wrong))).toMatchObject({ status: 401 });
    const [used] = recoveryCodes;
    expect(await call("/session", post({ ...eddi, code: used, as: "jwt" }))).toMatchObject({
      status: 201,
    });
    const { body } = await call("/users/eddi/second-factor", { headers: bearer(tokens.admin) });
    expect(body).toMatchObject({ state: "on", recoveryCodesLeft: 9 });
  });

  test("in headers and queries", async () => {
    const cdt = () => `cdt_${randomBytes(32).toString("hex")}`;
    const [head = ""] = (planted.get("a JWT") ?? "").split(".");
    const headers = [
      bearer(plant("a token that is none", cdt())),
      bearer(plant("a token of another form")),
      bearer(`${head}.${head}.${plant("a JWT's signature")}`),
      { authorization: `Basic ${plant("a password of HTTP Basic")}` },
      { cookie: `__Host-cronduit=${plant("a cookie that is none")}` },
      { cookie: `cronduit-80=${plant("a cookie of this name")}` },
      { ...bearer(tokens.admin), "x-api-key": plant("another header") },
      { ...bearer(tokens.admin), "proxy-authorization": plant("a proxy's") },
      { ...bearer(tokens.admin), cookie: `other=${plant("a cookie of others")}` },
      { ...bearer(tokens.admin), "if-match": plant("an If-Match that is none") },
      { ...bearer(tokens.admin), "last-event-id": plant("a Last-Event-ID that is none") },
    ];
    for (const one of headers) await call("/jobs", { headers: one });
    const key = plant("an Idempotency-Key");
    // Told once, to whoever asked first; whoever repeats the request is not told.
    const made: readonly (readonly [string, string, unknown, string])[] = [
      ["a token", "/tokens", { name: "again", user: "boss" }, "secret"],
      ["a one-time password", "/users", { id: "zora" }, "oneTimePassword"],
      ["a reset password", "/users/zora/password/reset", undefined, "oneTimePassword"],
      ["a JWT made", "/session", { ...bossSignIn(), as: "jwt" }, "token"],
    ];
    const door = api.as({ kind: "cli", id: "root" });
    for (const [name, path, body, field] of made) {
      const asked = post(body, { "idempotency-key": `${key}${name.length}` });
      const { body: told } = await call(path, asked, { door });
      seen.pop();
      plant(`${name}, with an Idempotency-Key`, (told as Record<string, string>)[field]);
      const again = await call(path, asked, { door });
      expect(again).toMatchObject({ status: 422, body: { code: "IDEMPOTENCY_KEY_REUSED" } });
    }
    for (const name of ["access_token", "token", "password"])
      await call(`/users?${name}=${plant(`the query ${name}`)}`, { headers: bearer(tokens.admin) });
  });

  test("as params", async () => {
    plant("a default");
    const one = (name: string) => ({
      title: "open",
      password: plant(name),
      keys: [plant(`${name}: in a list`)],
      headers: { "x-key": plant(`${name}: in a record`) },
    });
    const url = `postgres://app:${plant("a password in a URL")}@db.example/x`;
    const login = plant("what a transform makes of it").toUpperCase();
    planted.set("what a transform makes of it", login);
    const pin = 7_000_000_000 + Math.floor(Math.random() * 1e9);
    plant("a number", String(pin));
    const job = {
      pipeline: "Leak",
      owner: "billing",
      schedule: "every day at 9:00",
      params: { ...one("a job"), db: { url }, login: login.toLowerCase(), pin },
    };
    const admin = bearer(tokens.admin);
    const at = `/jobs/${encodeURIComponent(JOB)}`;
    expect(await call("/jobs", post({ ...job, id: JOB }, admin))).toMatchObject({ status: 201 });
    const other = { ...job, id: JOB, params: one("a conflict") };
    expect(await call("/jobs", post(other, admin))).toMatchObject({ status: 409 });
    const patch = { method: "PATCH", headers: admin, body: { params: one("a change") } };
    expect(await call(at, patch)).toMatchObject({ status: 200 });
    const wrong = { ...one("params that are refused"), pin: plant("where a number belongs") };
    expect(await call(at, { ...patch, body: { params: wrong } })).toMatchObject({ status: 400 });
    const override = { method: "PUT", headers: admin, body: { params: one("an override") } };
    expect(await call(`${at}/override`, override)).toMatchObject({ status: 200 });
    await call(`${at}/override`, { method: "DELETE", headers: admin });
    const key = { ...admin, "idempotency-key": "run-it" };
    const run = {
      params: { ...one("a run by hand"), db: { url }, login: login.toLowerCase(), pin },
    };
    for (const _ of [1, 2]) {
      const answer = await call(`${at}/run`, post(run, key));
      expect(answer.status).toBe(202);
      ({ runId } = answer.body as { runId: string });
    }
    const { id, ...replacing } = { ...job, id: JOB, params: one("a job in its place") };
    expect(id).toBe(JOB);
    expect(await call(at, { method: "PUT", headers: admin, body: replacing })).toMatchObject({
      status: 200,
    });
    expect(await call(`${at}/run`, post({}, admin))).toMatchObject({ status: 202 });
    await vi.waitFor(() => expect(received).toHaveLength(2), { timeout: 30_000 });
    await vi.waitFor(
      async () => {
        const { body } = await call(`${at}/runs`, { headers: admin });
        const { items } = body as { items: { verdict: string }[] };
        expect(items.map(({ verdict }) => verdict)).toEqual(["failed", "failed"]);
      },
      { timeout: 30_000, interval: 50 },
    );
    await local(`/runs/${encodeURIComponent(runId)}/retry`, {});
    await vi.waitFor(() => expect(received).toHaveLength(3), { timeout: 30_000 });
    // They were there, for the run to say them.
    const given = JSON.stringify(received);
    for (const name of [
      "a run by hand",
      "a job in its place: in a list",
      "a password in a URL",
      "a default",
    ])
      expect(given).toContain(planted.get(name));
  });

  test.each([
    [
      "redis",
      () => inject("redisUrl").replace("redis://", `redis://app:${plant("Redis' password")}@`),
    ],
    ["another redis", () => `redis://app:${plant("a password of Redis that is gone")}@127.0.0.1:1`],
    ["postgres", () => `postgres://app:${plant("PostgreSQL's password")}@127.0.0.1:1/db`],
  ])("as the password of %s", async (_, connection) => {
    const fleet = new PipelineScheduler({ connection: connection(), timeout: 1, logger, prefix });
    const former = api;
    api = createApi({ scheduler: fleet, auth: {} });
    const answer = await call("/jobs", { headers: bearer(`cdt_${"0".repeat(64)}`) });
    await fleet.start().catch((error: unknown) => see("an error", inspect(error, { depth: 20 })));
    api = former;
    expect(answer.status).toBe(503);
    await fleet.shutdown();
  });
});

describe("none comes out:", () => {
  test("what follows a run's log", async () => {
    const path = `/runs/${encodeURIComponent(runId)}/logs`;
    const { body } = await call(path, { headers: bearer(tokens.admin) });
    expect(JSON.stringify(body)).toContain("[secret]");
    await call(`${path}?follow=true`, { headers: bearer(tokens.admin) });
  });

  test("the whole of what is exported has no secret of people; a fixture none at all", async () => {
    let whole = "";
    for await (const line of scheduler.exportState({ logs: true })) whole += line;
    let fixture = "";
    for await (const line of scheduler.exportState({ mask: [], logs: true })) fixture += line;
    see("a fixture", fixture);
    // Params are in an export as they are: it is for moving a fleet.
    expect(whole.includes(planted.get("a job in its place") ?? "nothing")).toBe(true);
    for (const [name, text] of planted)
      if (
        /second factor|recovery code|token|password of|one-time|'s password|cookie|csrf|JWT|Idempotency/.test(
          name,
        )
      )
        expect([name, whole.includes(text)]).toEqual([name, false]);
  });

  test.each(["viewer", "editor", "admin"] as const)("every route, as %s", async (role) => {
    const self = { admin: "boss", editor: "eddi", viewer: "vera" }[role];
    const statuses: [RouteName, number][] = [];
    const all = Object.keys(contract) as RouteName[];
    // What there is is read first, and deleted last of all.
    const reading = all.filter((name) => contract[name].method === "GET");
    const others = all.filter((name) => !reading.includes(name));
    for (const name of role === "admin"
      ? [...reading, ...others, ...reading]
      : reading.concat(others)) {
      if (role !== "admin" && contract[name].method === "DELETE") continue;
      const { path, ...asked } = requestTo(name, { jobId: JOB, runId, self });
      const { status } = await call(path, { ...asked, headers: bearer(tokens[role]) });
      statuses.push([name, status]);
    }
    expect(statuses.filter(([, status]) => status >= 500)).toEqual([]);
    expect(statuses).toContainEqual(["getJob", 200]);
  });

  test("not one of more than fifty was seen", () => {
    expect(planted.size).toBeGreaterThan(50);
    expect(new Set(planted.values()).size).toBeGreaterThan(50);
    expect(new Set(seen.map(({ where }) => where)).size).toBeGreaterThan(60);
    for (const kind of ["an event", "a log line", "an error"])
      expect(seen.filter(({ where }) => where === kind)).not.toHaveLength(0);
    const found = [...planted].flatMap(([name, text]) =>
      seen.filter((one) => one.text.includes(text)).map(({ where }) => `${name}: ${where}`),
    );
    expect([...new Set(found)]).toEqual([]);
  });
});
