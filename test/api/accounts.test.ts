// Users, passwords and the first set-up.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createApi } from "../../src/api/create-api.ts";
import { systemClock } from "../../src/core/clock.ts";
import { partsOf } from "../../src/scheduler/pipeline-scheduler.ts";
import { callApi } from "./call-api.ts";
import { AccountsFleet, DAY, GOOD, MINUTE } from "./accounts-fleet.ts";

let fleet: AccountsFleet;

beforeEach(() => {
  fleet = new AccountsFleet();
});

afterEach(async () => {
  await fleet.scheduler.shutdown();
});

function setUp(token: string, user = "ana", password = GOOD) {
  return fleet.call("/setup", { method: "POST", body: { token, user, password } });
}

describe("set-up", () => {
  test("a token of this machine makes the first administrator, once", async () => {
    const made = await fleet.api.setupToken();
    expect(made?.token).toMatch(/^cds_[0-9a-f]{64}$/);
    expect(await setUp(made?.token ?? "")).toMatchObject({ status: 201, body: { user: "ana" } });
    const ana = await fleet.jwtOf("ana");
    expect((await fleet.call("/session", { as: ana })).body).toMatchObject({ role: "admin" });
    expect(await setUp(made?.token ?? "", "eve")).toMatchObject({
      status: 401,
      body: { message: expect.stringContaining("api.setupToken()") as string },
    });
    expect(await fleet.api.setupToken()).toBeUndefined();
  });

  test("it is over after 15 minutes", async () => {
    const made = await fleet.api.setupToken();
    await fleet.clock.pass(15 * MINUTE);
    expect((await setUp(made?.token ?? "")).status).toBe(401);
  });

  test("a second token replaces the first", async () => {
    const first = await fleet.api.setupToken();
    const second = await fleet.api.setupToken();
    expect((await setUp(first?.token ?? "")).status).toBe(401);
    expect((await setUp(second?.token ?? "")).status).toBe(201);
  });

  test("of two who use it at once, one is let in", async () => {
    const made = await fleet.api.setupToken();
    const both = await Promise.all([
      setUp(made?.token ?? "", "ana"),
      setUp(made?.token ?? "", "eve"),
    ]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 401]);
  });

  test("that there are no users opens nothing", async () => {
    expect((await setUp(`cds_${"0".repeat(64)}`)).status).toBe(401);
    expect((await setUp("")).status).toBe(400);
    expect((await fleet.call("/users")).status).toBe(401);
    expect((await fleet.call("/users", { method: "POST", body: { id: "eve" } })).status).toBe(401);
  });

  test("a weak password does not use it up", async () => {
    const made = await fleet.api.setupToken();
    expect((await setUp(made?.token ?? "", "ana", "12345678")).body).toMatchObject({
      code: "WEAK_PASSWORD",
      path: "password",
    });
    expect((await setUp(made?.token ?? "", "no name")).body).toMatchObject({ path: "user" });
    expect((await setUp(made?.token ?? "")).status).toBe(201);
  });
});

describe("passwords", () => {
  beforeEach(async () => {
    await fleet.addUser("ana");
  });

  const change = async (newPassword: string, oldPassword = GOOD) =>
    fleet.call("/users/ana/password", {
      method: "POST",
      body: { oldPassword, newPassword },
      as: await fleet.jwtOf("ana"),
    });

  test.each([
    ["1234567", "too short"],
    ["x".repeat(129), "too long"],
    ["password1", "common"],
    ["PassWord123", "common in other letters"],
    ["ana-cronduit", "of the server's name"],
    [GOOD, "the old one"],
  ])("%s is refused: %s", async (weak) => {
    const { status, body } = await change(weak);
    expect([status, (body as { code: string }).code]).toEqual([400, "WEAK_PASSWORD"]);
    expect(JSON.stringify(body)).not.toContain(weak);
  });

  test.each(["aaaaaaab", "x y z ü 漢字 \u{1F600}", "y".repeat(128), " leading and trailing "])(
    "%s is taken, to the letter",
    async (next) => {
      expect((await change(next)).status).toBe(204);
      await fleet.jwtOf("ana", next);
      const cut = { user: "ana", password: next.slice(0, -1) };
      expect((await fleet.call("/session", { method: "POST", body: cut })).status).toBe(401);
    },
  );

  test("a change needs the old one, and ends all sessions", async () => {
    const [jwt, browser] = [await fleet.jwtOf("ana"), await fleet.browserOf("ana")];
    expect((await change("another-good-one-77", "wrong-one-here")).status).toBe(401);
    expect((await fleet.call("/session", { as: jwt })).status).toBe(200);
    expect((await change("another-good-one-77")).status).toBe(204);
    expect((await fleet.call("/session", { as: jwt })).status).toBe(401);
    expect((await fleet.call("/session", browser)).status).toBe(401);
    await fleet.jwtOf("ana", "another-good-one-77");
  });

  test("a reset ends sessions and password; the new one is good for choosing another, for a day", async () => {
    const jwt = await fleet.jwtOf("ana");
    const reset = () => callApi(fleet.local, "/users/ana/password/reset", { method: "POST" });
    const { oneTimePassword } = (await reset()).body as { oneTimePassword: string };
    expect((await fleet.call("/session", { as: jwt })).status).toBe(401);
    const signIn = (password: string, newPassword?: string) =>
      fleet.call("/session", { method: "POST", body: { user: "ana", password, newPassword } });
    expect((await signIn(GOOD)).status).toBe(401);
    expect((await signIn(oneTimePassword)).body).toMatchObject({
      code: "PASSWORD_CHANGE_REQUIRED",
    });
    expect((await signIn(oneTimePassword, oneTimePassword)).body).toMatchObject({
      code: "WEAK_PASSWORD",
    });
    expect((await signIn(oneTimePassword, "another-good-one-77")).status).toBe(201);
    expect((await signIn(oneTimePassword, "yet-another-good-one")).status).toBe(401);
    const late = (await reset()).body as { oneTimePassword: string };
    await fleet.clock.pass(DAY);
    expect((await signIn(late.oneTimePassword, "another-good-one-78")).status).toBe(401);
  });

  test("only oneself changes it, with a session", async () => {
    await fleet.addUser("root-admin", { role: "admin" });
    await fleet.addUser("bob");
    const body = { oldPassword: GOOD, newPassword: "another-good-one-77" };
    const by = async (as: string) =>
      (await fleet.call("/users/ana/password", { method: "POST", body, as })).status;
    expect(await by(await fleet.jwtOf("bob"))).toBe(404);
    expect(await by(await fleet.jwtOf("root-admin"))).toBe(403);
    expect(await by((await fleet.tokenOf("ana")).secret)).toBe(403);
  });

  test("the hash is argon2id, with the parameters that OWASP asks for", async () => {
    const stored = await partsOf(fleet.scheduler)?.engine.documents.get("api/passwords/ana");
    const hash = expect.stringMatching(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/) as unknown;
    expect(stored).toMatchObject({ stays: true, value: { hash } });
  });
});

test("an exported state has users, and nothing that gives access", async () => {
  await using moving = new AccountsFleet({}, systemClock);
  await moving.addUser("ana");
  await moving.tokenOf("ana");
  await moving.browserOf("ana");
  await moving.scheduler.pause();
  let text = "";
  for await (const line of moving.scheduler.exportState()) text += line;
  expect(text).toContain("api/users/ana");
  expect(text).not.toMatch(/argon2|api\/(?:passwords|tokens|sessions|lock-outs|set-up)/);
});

describe("users", () => {
  let root: string;
  beforeEach(async () => {
    await fleet.addUser("root-admin", { role: "admin" });
    await fleet.addUser("ana", { role: "editor", teams: ["billing"] });
    root = await fleet.jwtOf("root-admin");
  });

  const patch = (id: string, body: object, as = root) =>
    fleet.call(`/users/${encodeURIComponent(id)}`, { method: "PATCH", body, as });

  test("upper and lower case are one user", async () => {
    expect((await fleet.call("/users/ANA", { as: root })).body).toMatchObject({ id: "ana" });
    await fleet.jwtOf("Ana");
    const again = await fleet.call("/users", { method: "POST", body: { id: "ANA" }, as: root });
    expect(again).toMatchObject({ status: 409, body: { code: "USER_EXISTS" } });
  });

  test.each(["", "a b", "a/b", "../x", "-a", "x".repeat(65), "a\u0000b", "__proto__/"])(
    "%j can't be a name",
    async (id) => {
      const { status } = await fleet.call("/users", { method: "POST", body: { id }, as: root });
      expect(status).toBe(400);
    },
  );

  test.each(["üñí", "o.neil+ops@example.com", "__proto__", "constructor", "漢字"])(
    "%s can",
    async (id) => {
      await fleet.addUser(id);
      const seen = await fleet.call(`/users/${encodeURIComponent(id)}`, {
        as: await fleet.jwtOf(id),
      });
      expect(seen).toMatchObject({ status: 200, body: { id } });
    },
  );

  test("are listed to administrators, page by page; others see themselves", async () => {
    const first = await fleet.call("/users?limit=1", { as: root });
    expect(first.body).toMatchObject({ items: [{ id: "ana" }] });
    const { nextCursor } = first.body as { nextCursor: string };
    const second = await fleet.call(`/users?cursor=${encodeURIComponent(nextCursor)}`, {
      as: root,
    });
    expect(second.body).toMatchObject({ items: [{ id: "root-admin" }], nextCursor: null });
    const ana = await fleet.jwtOf("ana");
    expect((await fleet.call("/users", { as: ana })).status).toBe(403);
    expect((await fleet.call("/users/ana", { as: ana })).body).toMatchObject({
      teams: ["billing"],
    });
    const other = await fleet.call("/users/root-admin", { as: ana });
    const ghost = await fleet.call("/users/nobody-here", { as: ana });
    expect([other.status, ghost.status]).toEqual([404, 404]);
  });

  test("what they may do changes from the next request on", async () => {
    const ana = await fleet.jwtOf("ana");
    await patch("ana", { role: "viewer", teams: ["sales"] });
    expect((await fleet.call("/session", { as: ana })).body).toMatchObject({
      role: "viewer",
      owners: ["ana", "sales"],
    });
    await patch("ana", { role: "admin" });
    expect((await fleet.call("/users", { as: ana })).status).toBe(200);
  });

  test("disabled, one can't sign in, and sessions and tokens are over for good", async () => {
    const [jwt, browser, token] = [
      await fleet.jwtOf("ana"),
      await fleet.browserOf("ana"),
      await fleet.tokenOf("ana"),
    ];
    const statuses = async () => [
      (await fleet.call("/session", { as: jwt })).status,
      (await fleet.call("/session", browser)).status,
      (await fleet.call("/session", { as: token.secret })).status,
    ];
    expect(await statuses()).toEqual([200, 200, 200]);
    await patch("ana", { isDisabled: true });
    expect(await statuses()).toEqual([401, 401, 401]);
    const body = { user: "ana", password: GOOD };
    expect((await fleet.call("/session", { method: "POST", body })).status).toBe(401);
    await patch("ana", { isDisabled: false });
    // Its tokens work again; who was signed in signs in again.
    expect(await statuses()).toEqual([401, 401, 200]);
  });

  test("deleted, nothing of them works, also for a later user of that name", async () => {
    const [jwt, token] = [await fleet.jwtOf("ana"), await fleet.tokenOf("ana")];
    expect((await fleet.call("/users/ana", { method: "DELETE", as: root })).status).toBe(204);
    const statuses = async () => [
      (await fleet.call("/session", { as: jwt })).status,
      (await fleet.call("/session", { as: token.secret })).status,
    ];
    expect(await statuses()).toEqual([401, 401]);
    await fleet.addUser("ana", {}, "another-good-one-77");
    expect(await statuses()).toEqual([401, 401]);
  });

  test("the last administrator stays one", async () => {
    for (const body of [{ role: "editor" }, { isDisabled: true }])
      expect((await patch("root-admin", body)).body).toMatchObject({ code: "LAST_ADMINISTRATOR" });
    const gone = await fleet.call("/users/root-admin", { method: "DELETE", as: root });
    expect(gone).toMatchObject({ status: 409, body: { code: "LAST_ADMINISTRATOR" } });
    await patch("ana", { role: "admin" });
    expect((await patch("root-admin", { role: "editor" })).status).toBe(200);
    expect((await patch("ana", { role: "editor" }, await fleet.jwtOf("ana"))).status).toBe(409);
  });

  test("of two administrators who remove each other at once, one stays", async () => {
    await patch("ana", { role: "admin" });
    const demote = (id: string) =>
      callApi(fleet.local, `/users/${id}`, { method: "PATCH", body: { role: "viewer" } });
    const both = await Promise.all([demote("ana"), demote("root-admin")]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  });

  test("what happened is on record, without secrets", async () => {
    const body = { user: "ana", password: "wrong-one-here" };
    await fleet.call("/session", { method: "POST", body, from: "198.51.100.9" });
    await patch("ana", { role: "viewer" });
    await fleet.call("/session", {
      method: "POST",
      body: { user: "hunter2-typed", password: "x" },
    });
    const { body: page } = await fleet.call("/audit?limit=3", { as: root });
    expect((page as { items: unknown[] }).items).toHaveLength(3);
    const all = JSON.stringify((await fleet.call("/audit", { as: root })).body);
    expect(all).toContain(
      '"action":"sign-in-failed","by":null,"address":"198.51.100.9","user":"ana"',
    );
    expect(all).toContain('"by":{"kind":"user","id":"root-admin"}');
    expect(all).not.toMatch(/hunter2|wrong-one|argon2|cdt_/);
    expect((await fleet.call("/audit", { as: await fleet.jwtOf("ana") })).status).toBe(403);
  });
});

test("a public address without accounts or an issuer is refused, in one line", () => {
  const make = (options: object) => () => createApi({ scheduler: fleet.scheduler, ...options });
  const publicUrl = "https://cronduit.example.com";
  expect(make({ publicUrl })).toThrow(/^createApi, option "auth": is missing.*auth: \{\}.*$/);
  expect(make({ publicUrl, auth: { accounts: false } })).toThrow(/neither accounts nor an issuer/);
  expect(make({ publicUrl: "http://cronduit.example.com", auth: {} })).toThrow(
    /must begin with https/,
  );
  expect(make({ auth: { jwt: { secret: "short" } } })).toThrow(/at least 32 bytes/);
  expect(make({ auth: { jwt: { secret: "short" } } })).not.toThrow(/"short"/);
  expect(make({ publicUrl, auth: {} })).not.toThrow();
  expect(make({ publicUrl: "http://localhost:4000" })).not.toThrow();
});
