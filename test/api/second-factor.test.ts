// A second factor: codes of an authenticator app, each good once, and what is left to whoever has lost it.
import { type TOTP, URI } from "otpauth";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Sealer } from "../../src/api/accounts/sealer.ts";
import { createApi } from "../../src/api/create-api.ts";
import { systemClock } from "../../src/core/clock.ts";
import { partsOf } from "../../src/scheduler/pipeline-scheduler.ts";
import { AccountsFleet, browserAfter, GOOD, SECRET } from "./accounts-fleet.ts";
import { type Answered, callApi } from "./call-api.ts";

const STEP = 30_000;
const OTHER_SECRET = "fedcba9876543210fedcba9876543210-other";
let fleet: AccountsFleet;

beforeEach(async () => {
  fleet = new AccountsFleet({
    auth: { jwt: { secret: SECRET } },
    limits: { requestsPerMinute: { refused: 1_000_000 } },
  });
  await fleet.addUser("ana");
});
afterEach(() => fleet.scheduler.shutdown());

const post = (path: string, body: object, from?: string) =>
  fleet.call(path, { method: "POST", body, ...(from === undefined ? {} : { from }) });
const signIn = (more: object = {}, from?: string) =>
  post("/session", { user: "ana", password: GOOD, ...more }, from);
const begin = () => post("/second-factor", { user: "ana", password: GOOD });
const confirm = (code: string) =>
  post("/second-factor/confirm", { user: "ana", password: GOOD, code });

/** A code of the app, so many steps from now. */
function codeOf(uri: string, steps = 0): string {
  return (URI.parse(uri) as TOTP).generate({ timestamp: fleet.clock.now() + steps * STEP });
}

/** Sets one up. @returns its address and the recovery codes; the next code is good. */
async function setUp(): Promise<{ uri: string; recoveryCodes: string[] }> {
  const { uri } = (await begin()).body as { uri: string };
  const answer = await confirm(codeOf(uri));
  expect(answer.status).toBe(200);
  await fleet.clock.pass(STEP);
  return { uri, ...(answer.body as { recoveryCodes: string[] }) };
}
const other = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, "0");
const codeIn = ({ body }: Answered) => (body as { code: string }).code;
const audit = async () => {
  const { body } = await callApi(fleet.local, "/audit");
  const { items } = body as { items: { action: string; user: string; detail: string }[] };
  return items.map(({ action, user, detail }) => `${action} ${user} ${detail}`);
};

test("is set up by the password and a code, and told once", async () => {
  const begun = await begin();
  expect(begun).toMatchObject({
    status: 201,
    body: {
      secret: expect.stringMatching(/^[A-Z2-7]{32}$/) as string,
      uri: expect.stringMatching(
        /^otpauth:\/\/totp\/cronduit:ana\?issuer=cronduit&secret=[A-Z2-7]{32}&algorithm=SHA1&digits=6&period=30$/,
      ) as string,
    },
  });
  const { uri, secret } = begun.body as { uri: string; secret: string };
  // Until it is confirmed, the password is enough.
  expect((await signIn()).status).toBe(201);
  const browser = await fleet.browserOf("ana");
  expect((await confirm(other(codeOf(uri)))).status).toBe(401);
  const on = await confirm(codeOf(uri));
  const { recoveryCodes } = on.body as { recoveryCodes: string[] };
  expect(new Set(recoveryCodes).size).toBe(10);
  for (const code of recoveryCodes) expect(code).toMatch(/^(?:[a-z2-9]{7}-){3}[a-z2-9]{7}$/);
  // All sessions of before are over.
  expect((await fleet.call("/session", { headers: browser.headers })).status).toBe(401);
  const state = await callApi(fleet.local, "/users/ana/second-factor");
  expect(state.body).toEqual({ state: "on", recoveryCodesLeft: 10, isRequired: false });
  expect(await audit()).toEqual(
    expect.arrayContaining(["second-factor-begun ana null", "second-factor-on ana null"]),
  );
  // Neither what is stored nor what is exported says it.
  const documents = await partsOf(fleet.scheduler)?.engine.documents.list("api/", undefined, 1_000);
  const stored = JSON.stringify(documents);
  expect(stored).toContain("api/second-factors/ana");
  for (const text of [secret, ...recoveryCodes, recoveryCodes[0]?.replaceAll("-", "") ?? ""])
    expect(stored).not.toContain(text);
});

test("a code of who has no second factor is not on record as one that was right", async () => {
  expect((await signIn({ code: "123456" })).status).toBe(201);
  const signedIn = (await audit()).filter((entry) => entry.startsWith("signed-in"));
  expect(new Set(signedIn)).toEqual(new Set(["signed-in ana cookie"]));
});

test("does not move with an exported state", async () => {
  await using moving = new AccountsFleet({}, systemClock);
  await moving.addUser("ana");
  const body = { user: "ana", password: GOOD };
  expect((await moving.call("/second-factor", { method: "POST", body })).status).toBe(201);
  let exported = "";
  for await (const line of moving.scheduler.exportState()) exported += line;
  expect(exported).toContain("api/users/ana");
  expect(exported).not.toContain("second-factors/ana");
});

test("a secret that nobody confirmed is over after ten minutes; a later one replaces it", async () => {
  const first = ((await begin()).body as { uri: string }).uri;
  const { uri } = (await begin()).body as { uri: string };
  expect((await confirm(codeOf(first))).status).toBe(401);
  await fleet.clock.pass(10 * 60_000);
  expect((await confirm(codeOf(uri))).status).toBe(401);
  expect((await confirm("000000")).status).toBe(401);
});

describe("signing in", () => {
  test("says that a code is missing to who knows the password, and to nobody else", async () => {
    await setUp();
    const missing = await signIn();
    expect(missing).toMatchObject({
      status: 401,
      body: { code: "SECOND_FACTOR_REQUIRED", path: "code", data: { isSetUp: true } },
    });
    const wrongPassword = await signIn({ password: "wrong-password" });
    const wrongCode = await signIn({ code: "000000" });
    const nobody = await post("/session", { user: "nobody", password: GOOD, code: "000000" });
    expect(codeIn(wrongPassword)).toBe("NOT_AUTHENTICATED");
    expect(wrongCode.body).toEqual(wrongPassword.body);
    expect(nobody.body).toEqual(wrongPassword.body);
    for (const answer of [missing, wrongCode]) expect(answer.headers.get("set-cookie")).toBeNull();
    // As a JWT, too, and for changing the password on the way.
    expect(codeIn(await signIn({ as: "jwt" }))).toBe("SECOND_FACTOR_REQUIRED");
    expect(codeIn(await signIn({ newPassword: "another-good-one-77" }))).toBe(
      "SECOND_FACTOR_REQUIRED",
    );
    expect((await signIn({ newPassword: "another-good-one-77", code: "000000" })).status).toBe(401);
    expect(codeIn(await signIn())).toBe("SECOND_FACTOR_REQUIRED");
  });

  test("takes a code of this step, the one before and the next; each once, and none that is older", async () => {
    const { uri } = await setUp();
    await fleet.clock.pass(10 * STEP);
    for (const steps of [-2, 2])
      expect((await signIn({ code: codeOf(uri, steps) })).status).toBe(401);
    for (const steps of [-1, 0, 1]) {
      expect((await signIn({ code: codeOf(uri, steps) })).status).toBe(201);
      expect((await signIn({ code: codeOf(uri, steps) })).status).toBe(401);
    }
    expect((await signIn({ code: codeOf(uri) })).status).toBe(401);
    expect(await audit()).toEqual(
      expect.arrayContaining([
        "signed-in ana cookie, with a code",
        "sign-in-failed ana wrong code",
      ]),
    );
  });

  test("of two who send the same code at once, one is let in", async () => {
    const { uri } = await setUp();
    const code = codeOf(uri);
    const both = await Promise.all([signIn({ code }), signIn({ code }), signIn({ code })]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 401, 401]);
  });

  test("the code by which it was set up is no good for signing in", async () => {
    const { uri } = (await begin()).body as { uri: string };
    const code = codeOf(uri);
    await confirm(code);
    expect((await signIn({ code })).status).toBe(401);
  });

  test("uses no code up where the password has to be another one", async () => {
    const { uri } = await setUp();
    const code = codeOf(uri);
    expect(codeIn(await signIn({ code, newPassword: GOOD }))).toBe("WEAK_PASSWORD");
    const reset = await callApi(fleet.local, "/users/ana/password/reset", { method: "POST" });
    const { oneTimePassword: password } = reset.body as { oneTimePassword: string };
    expect(codeIn(await signIn({ password, code }))).toBe("PASSWORD_CHANGE_REQUIRED");
    const newPassword = "another-good-one-77";
    expect((await signIn({ password, code, newPassword })).status).toBe(201);
  });

  test("takes each recovery code once, however it is written", async () => {
    const { recoveryCodes } = await setUp();
    const [first = "", second = ""] = recoveryCodes;
    const loud = first.toUpperCase().replaceAll("-", " ");
    const both = await Promise.all([signIn({ code: loud }), signIn({ code: first })]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 401]);
    expect((await signIn({ code: first })).status).toBe(401);
    expect((await signIn({ code: second, as: "jwt" })).status).toBe(201);
    const state = await callApi(fleet.local, "/users/ana/second-factor");
    expect(state.body).toMatchObject({ recoveryCodesLeft: 8 });
    expect(await audit()).toContain("signed-in ana jwt, with a recovery code");
  });

  test("wrong codes lock as wrong passwords do, and asking without one in between is no way around", async () => {
    const { uri } = await setUp();
    for (let i = 0; i < 5; i += 1) {
      expect((await signIn({ code: other(codeOf(uri)) })).status).toBe(401);
      if (i < 4) expect(codeIn(await signIn())).toBe("SECOND_FACTOR_REQUIRED");
    }
    expect((await signIn({ code: other(codeOf(uri)) })).status).toBe(429);
    // The right one does not help, nor the password alone.
    expect((await signIn({ code: codeOf(uri) })).status).toBe(429);
    expect((await signIn()).status).toBe(429);
    expect((await signIn({ code: codeOf(uri) }, "198.51.100.1")).status).toBe(201);
  });

  test("nor is the password alone, where that is asked for again", async () => {
    const { uri } = await setUp();
    const signedIn = await signIn({ code: codeOf(uri) });
    const { headers } = browserAfter(signedIn);
    const { session } = signedIn.body as { session: { id: string } };
    await fleet.clock.pass(STEP);
    // Told that the new password is too weak, or ended a session: either way the old one was right.
    const weak = { oldPassword: GOOD, newPassword: GOOD };
    const change = () => fleet.call("/users/ana/password", { method: "POST", body: weak, headers });
    const endOther = async () => {
      const { body } = await fleet.call("/sessions", { headers });
      const { items } = body as { items: { id: string }[] };
      const another = items.find(({ id }) => id !== session.id);
      const asked = { method: "DELETE", body: { password: GOOD }, headers };
      return fleet.call(`/sessions/${another?.id}`, asked);
    };
    await signIn({ code: codeOf(uri), as: "jwt" });
    const wrong = other(codeOf(uri));
    for (let i = 0; i < 4; i += 1) expect((await signIn({ code: wrong })).status).toBe(401);
    expect(codeIn(await change())).toBe("WEAK_PASSWORD");
    expect((await endOther()).status).toBe(204);
    expect((await signIn({ code: wrong })).status).toBe(401);
    expect((await signIn({ code: wrong })).status).toBe(429);
  });

  test("that a code is missing is no failure: it can be asked any number of times", async () => {
    const { uri } = await setUp();
    for (let i = 0; i < 20; i += 1) expect(codeIn(await signIn())).toBe("SECOND_FACTOR_REQUIRED");
    expect((await signIn({ code: codeOf(uri) })).status).toBe(201);
  });
});

describe("it is removed", () => {
  test("by oneself with a code, and not without", async () => {
    const { uri, recoveryCodes } = await setUp();
    const remove = (more: object) =>
      post("/second-factor/remove", { user: "ana", password: GOOD, ...more });
    expect((await remove({})).status).toBe(400);
    expect((await remove({ code: other(codeOf(uri)) })).status).toBe(401);
    expect((await remove({ code: codeOf(uri), password: "wrong-password" })).status).toBe(401);
    expect((await begin()).body).toMatchObject({ code: "INVALID_STATE" });
    expect((await remove({ code: recoveryCodes[3] })).status).toBe(204);
    expect((await signIn()).status).toBe(201);
    expect(await audit()).toContain("second-factor-removed ana null");
  });

  test("by an administrator, if it was lost; sessions and JWTs end", async () => {
    const { uri } = await setUp();
    await fleet.addUser("boss", { role: "admin" });
    await fleet.addUser("bob");
    const { secret } = await fleet.tokenOf("boss", { role: "admin" });
    const { token } = (await signIn({ code: codeOf(uri), as: "jwt" })).body as { token: string };
    const reset = (as: string) =>
      fleet.call("/users/ana/second-factor/reset", { method: "POST", as });
    expect((await reset(await fleet.jwtOf("bob"))).status).toBe(403);
    expect(
      (await fleet.call("/users/ana/second-factor", { as: await fleet.jwtOf("bob") })).status,
    ).toBe(404);
    expect((await reset(secret)).status).toBe(204);
    expect((await fleet.call("/session", { as: token })).status).toBe(401);
    expect((await signIn()).status).toBe(201);
    expect(await audit()).toContain("second-factor-reset ana null");
  });

  test("with its user: a later one of that name has none", async () => {
    const { uri } = await setUp();
    await callApi(fleet.local, "/users/ana", { method: "DELETE" });
    await fleet.addUser("ana");
    expect((await signIn()).status).toBe(201);
    expect((await confirm(codeOf(uri))).status).toBe(401);
  });

  test("not by a reset of the password", async () => {
    const { uri } = await setUp();
    const reset = await callApi(fleet.local, "/users/ana/password/reset", { method: "POST" });
    const { oneTimePassword: password } = reset.body as { oneTimePassword: string };
    const newPassword = "another-good-one-77";
    expect(codeIn(await signIn({ password, newPassword }))).toBe("SECOND_FACTOR_REQUIRED");
    expect((await post("/second-factor", { user: "ana", password })).body).toMatchObject({
      code: "PASSWORD_CHANGE_REQUIRED",
    });
    expect((await signIn({ password, newPassword, code: codeOf(uri) })).status).toBe(201);
  });
});

describe("where it is required", () => {
  const required = (who: "administrators" | "all") =>
    createApi({
      scheduler: fleet.scheduler,
      auth: { jwt: { secret: SECRET }, requireSecondFactor: who },
    });
  const at = (api: ReturnType<typeof required>, path: string, body: object) =>
    callApi({ fetch: (request) => api.fetch(request, { address: "203.0.113.7" }) }, path, {
      method: "POST",
      body,
    });

  test("nobody signs in with a password alone, and everybody can set one up", async () => {
    const api = required("all");
    const ana = { user: "ana", password: GOOD };
    const refused = await at(api, "/session", ana);
    expect(refused).toMatchObject({
      status: 401,
      body: { code: "SECOND_FACTOR_REQUIRED", data: { isSetUp: false } },
    });
    expect(refused.headers.get("set-cookie")).toBeNull();
    expect(codeIn(await at(api, "/session", { ...ana, code: "000000" }))).toBe(
      "SECOND_FACTOR_REQUIRED",
    );
    const { uri } = (await at(api, "/second-factor", ana)).body as { uri: string };
    expect((await at(api, "/second-factor/confirm", { ...ana, code: codeOf(uri) })).status).toBe(
      200,
    );
    await fleet.clock.pass(STEP);
    expect((await at(api, "/session", { ...ana, code: codeOf(uri) })).status).toBe(201);
  });

  test("of administrators alone, others need none; a new password is kept on the way", async () => {
    const api = required("administrators");
    expect((await at(api, "/session", { user: "ana", password: GOOD })).status).toBe(201);
    const made = await callApi(fleet.local, "/users", {
      method: "POST",
      body: { id: "boss", role: "admin" },
    });
    const { oneTimePassword: password } = made.body as { oneTimePassword: string };
    const boss = { user: "boss", password, newPassword: GOOD };
    expect(codeIn(await at(api, "/session", boss))).toBe("SECOND_FACTOR_REQUIRED");
    expect((await at(api, "/second-factor", { user: "boss", password: GOOD })).status).toBe(201);
  });

  test.each([
    { requireSecondFactor: "all" },
    { requireSecondFactor: "administrators", accounts: false },
    { requireSecondFactor: true, jwt: { secret: SECRET } },
  ])("%j is refused", (auth) => {
    expect(() => createApi({ scheduler: fleet.scheduler, auth: auth as object })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });
});

describe("the secret that encrypts it", () => {
  const withSecrets = (...secrets: string[]) =>
    createApi({ scheduler: fleet.scheduler, auth: { jwt: { secrets } } });
  const at = (api: ReturnType<typeof withSecrets>, body: object) =>
    callApi({ fetch: (request) => api.fetch(request, { address: "203.0.113.7" }) }, "/session", {
      method: "POST",
      body: { user: "ana", password: GOOD, ...body },
    });

  test("is rotated: what the old one encrypted is encrypted anew, before anybody signs in", async () => {
    const { uri } = await setUp();
    const both = withSecrets(OTHER_SECRET, SECRET);
    await both.fetch(new Request("http://127.0.0.1/api/health/live"));
    const documents = partsOf(fleet.scheduler)?.engine.documents;
    const keys = new Sealer([OTHER_SECRET]).seal("x", "y").key;
    await expect
      .poll(async () => JSON.stringify(await documents?.get("api/second-factors/ana")))
      .toContain(keys);
    expect((await at(withSecrets(OTHER_SECRET), { code: codeOf(uri) })).status).toBe(201);
    expect((await at(withSecrets(SECRET), { code: codeOf(uri, 1) })).status).toBe(401);
  });

  test("while both are there, either is good", async () => {
    const { uri } = await setUp();
    expect((await at(withSecrets(OTHER_SECRET, SECRET), { code: codeOf(uri) })).status).toBe(201);
  });

  test("if it is lost, nobody gets in by the password alone", async () => {
    const { uri } = await setUp();
    for (const api of [
      withSecrets(OTHER_SECRET),
      createApi({ scheduler: fleet.scheduler, auth: {} }),
    ]) {
      expect(codeIn(await at(api, {}))).toBe("SECOND_FACTOR_REQUIRED");
      expect((await at(api, { code: codeOf(uri) })).status).toBe(401);
    }
    const without = createApi({ scheduler: fleet.scheduler, auth: {} });
    await fleet.addUser("bob");
    const answer = await callApi(without, "/second-factor", {
      method: "POST",
      body: { user: "bob", password: GOOD },
    });
    expect(answer).toMatchObject({ status: 409, body: { code: "INVALID_STATE" } });
  });

  test("what it sealed can't be read elsewhere, nor changed", () => {
    const sealer = new Sealer([SECRET]);
    const sealed = sealer.seal("a text", "ana 1");
    expect(sealer.seal("a text", "ana 1").text).not.toBe(sealed.text);
    expect(sealer.open(sealed, "ana 1")).toBe("a text");
    expect(sealer.open(sealed, "bob 2")).toBeUndefined();
    expect(new Sealer([OTHER_SECRET]).open(sealed, "ana 1")).toBeUndefined();
    const bytes = Buffer.from(sealed.text, "base64url");
    for (let i = 0; i < bytes.length; i += 1) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(
        sealer.open({ ...sealed, text: changed.toString("base64url") }, "ana 1"),
      ).toBeUndefined();
    }
    for (const text of ["", "AAAA", bytes.subarray(0, 28).toString("base64url")])
      expect(sealer.open({ ...sealed, text }, "ana 1")).toBeUndefined();
  });
});
