// Who guesses passwords gets slow.
import { beforeEach, describe, expect, test } from "vitest";
import { AccountsFleet, GOOD, HOUR } from "./accounts-fleet.ts";

let fleet: AccountsFleet;

beforeEach(async () => {
  fleet = new AccountsFleet({
    auth: {},
    limits: { requestsPerMinute: { refused: 1_000_000 } },
  });
  await fleet.addUser("ana");
  return () => fleet.scheduler.shutdown();
});

const attempt = async (password: string, { user = "ana", from = "203.0.113.7" } = {}) => {
  const { status, headers, body } = await fleet.call("/session", {
    method: "POST",
    body: { user, password },
    from,
  });
  return { status, after: headers.get("retry-after"), body };
};
const wrong = (given?: { user?: string; from?: string }) => attempt("wrong-one-here", given);

describe.each(["ana", "nobody-here", "no name / at all"])("for %s", (user) => {
  test("after five wrong passwords from one address, each further one locks for twice as long", async () => {
    for (let i = 0; i < 5; i += 1) expect(await wrong({ user })).toMatchObject({ status: 401 });
    const waits = [30, 60, 120, 240, 480, 900, 900];
    for (const seconds of waits) {
      const locked = await wrong({ user });
      expect(locked).toMatchObject({
        status: 429,
        after: String(seconds),
        body: { code: "TOO_MANY_ATTEMPTS", data: { retryAfterSeconds: seconds } },
      });
      // The right one does not help, and does not lock for longer.
      expect((await attempt(GOOD, { user })).after).toBe(String(seconds));
      await fleet.clock.pass(seconds * 1_000 - 1);
      expect((await wrong({ user })).status).toBe(429);
      await fleet.clock.pass(1);
      expect((await wrong({ user })).status).toBe(401);
    }
  });
});

test("an hour later, all is forgotten", async () => {
  for (let i = 0; i < 5; i += 1) await wrong();
  await fleet.clock.pass(HOUR + 30_000);
  for (let i = 0; i < 5; i += 1) expect((await wrong()).status).toBe(401);
  expect((await wrong()).status).toBe(429);
});

test("the right password forgives what its address did", async () => {
  for (let round = 0; round < 3; round += 1) {
    for (let i = 0; i < 4; i += 1) expect((await wrong()).status).toBe(401);
    expect((await attempt(GOOD)).status).toBe(201);
  }
});

test("from elsewhere, the account is open", async () => {
  for (let i = 0; i < 6; i += 1) await wrong();
  expect((await attempt(GOOD)).status).toBe(429);
  expect((await attempt(GOOD, { from: "198.51.100.1" })).status).toBe(201);
});

test("an address that tries many names is locked, for names that exist and others", async () => {
  for (let i = 0; i < 30; i += 1) expect((await wrong({ user: `user${i}` })).status).toBe(401);
  for (const user of ["user99", "ana"]) expect((await wrong({ user })).status).toBe(429);
  expect((await wrong({ from: "198.51.100.1" })).status).toBe(401);
});

test("an account that many addresses try is locked, also for those that come new", async () => {
  for (let i = 0; i < 50; i += 1)
    expect((await wrong({ from: `198.51.100.${i}` })).status).toBe(401);
  expect((await attempt(GOOD, { from: "192.0.2.1" })).status).toBe(429);
});

test("addresses of one IPv6 network are one", async () => {
  for (let i = 0; i < 5; i += 1) await wrong({ from: `2001:db8:1:2::${i + 1}` });
  expect((await wrong({ from: "2001:db8:1:2:ffff::1" })).status).toBe(429);
  expect((await wrong({ from: "2001:db8:1:3::1" })).status).toBe(401);
});

test("many at once are no way around", async () => {
  const all = await Promise.all(Array.from({ length: 25 }, () => wrong()));
  const statuses = all.map(({ status }) => status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(5);
  expect(statuses.filter((status) => status === 429)).toHaveLength(20);
});

test("two wrong ones at once both count", async () => {
  for (let i = 0; i < 3; i += 1) await wrong();
  await Promise.all([wrong(), wrong()]);
  expect((await wrong()).status).toBe(429);
});

test("guessing an old password or a set-up token counts, too", async () => {
  const browser = await fleet.browserOf("ana");
  const change = () =>
    fleet.call("/users/ana/password", {
      method: "POST",
      body: { oldPassword: "wrong-one-here", newPassword: "another-good-one-77" },
      headers: browser.headers,
    });
  for (let i = 0; i < 5; i += 1) expect((await change()).status).toBe(401);
  expect((await change()).status).toBe(429);
  const setUp = () =>
    fleet.call("/setup", {
      method: "POST",
      body: { token: `cds_${"0".repeat(64)}`, user: "eve", password: GOOD },
      from: "192.0.2.77",
    });
  for (let i = 0; i < 30; i += 1) expect((await setUp()).status).toBe(401);
  expect((await setUp()).status).toBe(429);
});
