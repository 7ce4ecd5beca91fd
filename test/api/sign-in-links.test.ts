// The link that a server prints for the person who started it.
import { afterEach, beforeEach, expect, test } from "vitest";
import { AccountsFleet, MINUTE } from "./accounts-fleet.ts";
import { callApi } from "./call-api.ts";

let fleet: AccountsFleet;

beforeEach(() => {
  fleet = new AccountsFleet();
});

afterEach(async () => {
  await fleet.scheduler.shutdown();
});

const follow = (token: string) => fleet.call("/session/link", { method: "POST", body: { token } });

test("a link signs a browser in, once, as an administrator who was not there", async () => {
  const { token } = await fleet.api.signInToken("Ana");
  expect(token).toMatch(/^cdl_[0-9a-f]{64}$/);
  const answer = await follow(token);
  expect(answer).toMatchObject({
    status: 201,
    body: { user: "ana", role: "admin", via: "session", csrf: expect.any(String) as string },
  });
  const cookie = answer.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
  const headers = { cookie: cookie.split(";")[0] ?? "" };
  expect((await fleet.call("/users", { headers })).status).toBe(200);
  expect((await follow(token)).status).toBe(401);
  const { body: audit } = await callApi(fleet.local, "/audit?limit=1");
  expect(audit).toMatchObject({ items: [{ action: "signed-in", user: "ana", detail: "link" }] });
});

test("a user who is there keeps the role, and one who is disabled stays out", async () => {
  await fleet.addUser("root", { role: "admin" });
  await fleet.addUser("ana", { role: "viewer" });
  const first = await fleet.api.signInToken("ana");
  expect((await follow(first.token)).body).toMatchObject({ user: "ana", role: "viewer" });
  await callApi(fleet.local, "/users/ana", { method: "PATCH", body: { isDisabled: true } });
  const second = await fleet.api.signInToken("ana");
  expect((await follow(second.token)).status).toBe(401);
});

test("it is over after 15 minutes, or when another one was made", async () => {
  const old = await fleet.api.signInToken("ana");
  const { token } = await fleet.api.signInToken("ana");
  expect((await follow(old.token)).status).toBe(401);
  await fleet.clock.pass(15 * MINUTE);
  expect((await follow(token)).status).toBe(401);
});

test("of two who follow it at once, one is let in", async () => {
  const { token } = await fleet.api.signInToken("ana");
  const both = await Promise.all([follow(token), follow(token)]);
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 401]);
});

test("a wrong one opens nothing, and guessing ends soon", async () => {
  await fleet.api.signInToken("ana");
  const statuses: number[] = [];
  for (let i = 0; i < 40; i += 1) statuses.push((await follow(`cdl_${"0".repeat(64)}`)).status);
  expect(statuses[0]).toBe(401);
  expect(statuses.at(-1)).toBe(429);
  expect((await fleet.call("/users")).status).toBe(401);
});

test("a name that no user can have is refused", async () => {
  await expect(fleet.api.signInToken("no name")).rejects.toMatchObject({ code: "INVALID_OPTION" });
});
