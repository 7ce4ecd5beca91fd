// Sessions of browsers and of programs.
import { beforeEach, describe, expect, test } from "vitest";
import { AccountsFleet, browserAfter, DAY, GOOD, HOUR, MINUTE } from "./accounts-fleet.ts";

let fleet: AccountsFleet;

beforeEach(async () => {
  fleet = new AccountsFleet();
  await fleet.addUser("ana", { role: "editor" });
  await fleet.addUser("bob", { role: "admin" });
  return () => fleet.scheduler.shutdown();
});

const signIn = (body: object, headers = {}) =>
  fleet.call("/session", {
    method: "POST",
    body: { user: "ana", password: GOOD, ...body },
    headers,
  });
const who = async (headers: Record<string, string>) =>
  (await fleet.call("/session", { headers })).status;

describe("the cookie", () => {
  test("is opaque, for this host, no script and no other site", async () => {
    const { headers } = await signIn({});
    expect(headers.get("set-cookie")).toMatch(
      /^cronduit-80=[0-9a-f]{64}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
    );
    expect(headers.get("cache-control")).toContain("no-store");
  });

  test("is __Host- and Secure where the server is reached by https", async () => {
    await using secure = new AccountsFleet({ publicUrl: "https://jobs.example.com" });
    await secure.addUser("ana");
    const { headers } = await secure.call("/session", {
      method: "POST",
      body: { user: "ana", password: GOOD },
    });
    expect(headers.get("set-cookie")).toMatch(/^__Host-cronduit=.*SameSite=Strict; Secure$/);
    const [cookie = ""] = (headers.get("set-cookie") ?? "").split(";");
    expect((await secure.call("/session", { headers: { cookie } })).status).toBe(200);
    const plain = cookie.replace("__Host-cronduit", "cronduit-80");
    expect((await secure.call("/session", { headers: { cookie: plain } })).status).toBe(401);
  });

  test("of two, none counts; beside an Authorization header, it is not looked at", async () => {
    const { cookie } = await fleet.browserOf("ana");
    expect(await who({ cookie: `${cookie}; ${cookie}` })).toBe(401);
    expect(await who({ cookie: `other=1; ${cookie}` })).toBe(200);
    expect(await who({ cookie, authorization: `Bearer cdt_${"0".repeat(64)}` })).toBe(401);
    expect(await who({ cookie, authorization: "Basic YW5hOng=" })).toBe(401);
  });

  test.each(["", "x", "0".repeat(64), "0".repeat(63), "../users/ana", "%00"])(
    "%j is no session",
    async (text) => {
      const { status, headers, body } = await fleet.call("/session", {
        headers: { cookie: `cronduit-80=${text}` },
      });
      expect(status).toBe(401);
      expect(headers.get("www-authenticate")).toBe("Bearer");
      expect(body).toMatchObject({ code: "NOT_AUTHENTICATED" });
    },
  );
});

describe("changes by cookie", () => {
  test("need the header that goes with the session", async () => {
    const [mine, other] = [await fleet.browserOf("ana"), await fleet.browserOf("ana")];
    const end = (headers: Record<string, string>) =>
      fleet.call("/session/end", { method: "POST", body: {}, headers });
    const wrong = { cookie: mine.cookie, "x-cronduit-csrf": other.csrf };
    for (const headers of [{ cookie: mine.cookie }, wrong])
      expect(await end(headers)).toMatchObject({
        status: 403,
        body: { code: "CSRF_TOKEN_MISSING" },
      });
    expect((await fleet.call("/session", { headers: { cookie: mine.cookie } })).body).toMatchObject(
      {
        csrf: mine.csrf,
      },
    );
    expect((await end(mine.headers)).status).toBe(204);
    expect(await who(mine.headers)).toBe(401);
    expect(await who(other.headers)).toBe(200);
  });
});

describe("a session ends", () => {
  test("after 12 hours without a request, not before", async () => {
    const { headers } = await fleet.browserOf("ana");
    for (let hours = 0; hours < 33; hours += 11) {
      expect(await who(headers)).toBe(200);
      await fleet.clock.pass(11 * HOUR);
    }
    expect(await who(headers)).toBe(200);
    await fleet.clock.pass(12 * HOUR);
    expect(await who(headers)).toBe(401);
  });

  test("after 7 days, however much it is used", async () => {
    const { headers } = await fleet.browserOf("ana");
    for (let hours = 0; hours < 7 * 24; hours += 8) {
      expect(await who(headers)).toBe(200);
      await fleet.clock.pass(8 * HOUR);
    }
    expect(await who(headers)).toBe(401);
  });

  test("after the times of the options", async () => {
    await using short = new AccountsFleet({ auth: { session: { idle: "10m", absolute: "15m" } } });
    await short.addUser("ana");
    const { headers } = await short.browserOf("ana");
    await short.clock.pass(9 * MINUTE);
    expect((await short.call("/session", { headers })).status).toBe(200);
    await short.clock.pass(6 * MINUTE);
    expect((await short.call("/session", { headers })).status).toBe(401);
  });

  test("when the next begins in the same browser", async () => {
    const first = await fleet.browserOf("ana");
    const second = browserAfter(await signIn({}, { cookie: first.cookie }));
    expect(second.cookie).not.toBe(first.cookie);
    expect([await who(first.headers), await who(second.headers)]).toEqual([401, 200]);
  });

  test("in the browser, too, which drops what it has kept", async () => {
    const { headers } = await fleet.browserOf("ana");
    const answer = await fleet.call("/session/end", { method: "POST", body: {}, headers });
    expect(answer.headers.get("clear-site-data")).toBe('"cache", "storage"');
    expect(answer.headers.get("set-cookie")).toMatch(/=; Path=\/; Max-Age=0;/);
  });

  test("with all others of the user, if asked", async () => {
    const [first, second] = [await fleet.browserOf("ana"), await fleet.browserOf("ana")];
    const [jwt, bobs] = [await fleet.jwtOf("ana"), await fleet.browserOf("bob")];
    const ended = await fleet.call("/session/end", {
      method: "POST",
      body: { which: "all", password: GOOD },
      headers: first.headers,
    });
    expect(ended.headers.get("set-cookie")).toMatch(/^cronduit-80=; Path=\/; Max-Age=0/);
    const jwtStatus = (await fleet.call("/session", { as: jwt })).status;
    expect([await who(first.headers), await who(second.headers), jwtStatus]).toEqual([
      401, 401, 401,
    ]);
    expect(await who(bobs.headers)).toBe(200);
  });

  test("and is not brought back by a request that was under way", async () => {
    const { headers } = await fleet.browserOf("ana");
    await fleet.clock.pass(2 * MINUTE);
    const end = fleet.call("/session/end", { method: "POST", body: {}, headers });
    await Promise.all([end, ...Array.from({ length: 10 }, () => who(headers))]);
    expect(await who(headers)).toBe(401);
  });
});

describe("lists of sessions", () => {
  test("show one's own, and one can end each; those of others do not exist", async () => {
    const [first, second] = [await fleet.browserOf("ana"), await fleet.browserOf("ana")];
    const { body } = await fleet.call("/sessions", { headers: first.headers });
    const { items } = body as { items: { id: string; isCurrent: boolean; address: string }[] };
    // The one in which the password was chosen, too.
    expect(items).toHaveLength(3);
    expect(JSON.stringify(body)).not.toContain(second.cookie.slice(-40));
    const bob = await fleet.jwtOf("bob");
    const { body: bobs } = await fleet.call("/sessions", { as: bob });
    const [theirs] = (bobs as { items: { id: string }[] }).items;
    const end = async (id: string, headers: Record<string, string>) =>
      (
        await fleet.call(`/sessions/${id}`, {
          method: "DELETE",
          headers,
          body: { password: GOOD },
        })
      ).status;
    expect(await end(theirs?.id ?? "", first.headers)).toBe(404);
    expect(await end("0".repeat(24), first.headers)).toBe(404);
    expect(await end("nonsense", first.headers)).toBe(404);
    for (const { id, isCurrent } of items)
      if (!isCurrent) expect(await end(id, first.headers)).toBe(204);
    expect([await who(first.headers), await who(second.headers)]).toEqual([200, 401]);
    expect((await fleet.call("/sessions?user=bob", { headers: first.headers })).status).toBe(404);
    expect((await fleet.call("/sessions?user=ana", { as: bob })).body).toMatchObject({
      items: [{ user: "ana" }],
    });
  });

  test("are ended with the password again, but for this one", async () => {
    const [first, second] = [await fleet.browserOf("ana"), await fleet.browserOf("ana")];
    const { body } = await fleet.call("/sessions", { headers: second.headers });
    const { items } = body as { items: { id: string; isCurrent: boolean }[] };
    const own = items.find(({ isCurrent }) => isCurrent)?.id ?? "";
    const all = async (given: object) =>
      (
        await fleet.call("/session/end", {
          method: "POST",
          body: { which: "all", ...given },
          headers: first.headers,
        })
      ).status;
    const one = async (given: object, headers = first.headers) =>
      (await fleet.call(`/sessions/${own}`, { method: "DELETE", headers, ...given })).status;
    for (const end of [all, (given: object) => one({ body: given })]) {
      expect(await end({})).toBe(400);
      expect(await end({ password: "wrong-password" })).toBe(401);
    }
    expect(await one({})).toBe(400);
    expect([await who(first.headers), await who(second.headers)]).toEqual([200, 200]);
    expect(await one({}, second.headers)).toBe(204);
    expect(await all({ password: GOOD })).toBe(204);
    expect([await who(first.headers), await who(second.headers)]).toEqual([401, 401]);
  });

  test("an administrator ends those of a user, and everybody's", async () => {
    const [ana, bob] = [await fleet.browserOf("ana"), await fleet.jwtOf("bob")];
    const of = await fleet.call("/users/ana/sessions/end", { method: "POST", as: bob });
    expect([of.status, await who(ana.headers)]).toEqual([204, 401]);
    const again = await fleet.browserOf("ana");
    const denied = await fleet.call("/sessions/end-all", {
      method: "POST",
      headers: again.headers,
    });
    expect(denied.status).toBe(403);
    const all = await fleet.call("/sessions/end-all", { method: "POST", as: bob });
    expect(all.body).toEqual({ users: 2 });
    expect([await who(again.headers), (await fleet.call("/session", { as: bob })).status]).toEqual([
      401, 401,
    ]);
  });
});

test.each([{}, { user: "ana" }, { user: "ana", password: "" }, { password: GOOD }])(
  "a session does not begin by itself: signing in needs a name and a password, not %j",
  async (body) => {
    const { status, headers } = await fleet.call("/session", { method: "POST", body });
    expect([status, headers.get("set-cookie")]).toEqual([400, null]);
  },
);

test("signing in says nothing of what is wrong", async () => {
  const body = async (given: object) => {
    const { status, body: told } = await signIn(given);
    return { status, told };
  };
  await fleet.call("/users/ana", {
    method: "PATCH",
    body: { isDisabled: true },
    as: await fleet.jwtOf("bob"),
  });
  const answers = [
    await body({}),
    await body({ user: "bob", password: "wrong-one-here" }),
    await body({ user: "nobody-here" }),
    await body({ user: "no name / at all" }),
  ];
  expect(answers[0]).toMatchObject({ status: 401, told: { code: "NOT_AUTHENTICATED" } });
  for (const answer of answers) expect(answer).toEqual(answers[0]);
});

test("a server without a secret makes no JWTs", async () => {
  await using other = new AccountsFleet({ auth: {} });
  await other.addUser("ana");
  const body = { user: "ana", password: GOOD, as: "jwt" };
  expect((await other.call("/session", { method: "POST", body })).body).toMatchObject({
    code: "INVALID_STATE",
  });
});

test("15 minutes after it began, a JWT is over", async () => {
  const jwt = await fleet.jwtOf("ana");
  await fleet.clock.pass(15 * MINUTE - 1_000);
  expect((await fleet.call("/session", { as: jwt })).status).toBe(200);
  await fleet.clock.pass(1_000);
  expect((await fleet.call("/session", { as: jwt })).status).toBe(401);
  await fleet.clock.pass(DAY);
});
