// API tokens.
import { beforeEach, expect, test } from "vitest";
import { partsOf } from "../../src/scheduler/pipeline-scheduler.ts";
import { AccountsFleet, DAY, MINUTE, START } from "./accounts-fleet.ts";

let fleet: AccountsFleet;

beforeEach(async () => {
  fleet = new AccountsFleet();
  await fleet.addUser("ana", { role: "editor", teams: ["billing"] });
  await fleet.addUser("root-admin", { role: "admin" });
  return () => fleet.scheduler.shutdown();
});

const who = async (secret: string) => {
  const { status, body } = await fleet.call("/session", { as: secret });
  return status === 200 ? (body as { role: string; owners: string[] }) : status;
};
const make = async (user: string, body: object) =>
  fleet.call("/tokens", {
    method: "POST",
    body: { name: "ci", ...body },
    as: await fleet.jwtOf(user),
  });

test("acts for its user, in its own name", async () => {
  const { secret } = await fleet.tokenOf("ana", { role: "editor" });
  expect(secret).toMatch(/^cdt_[0-9a-f]{64}$/);
  expect(await who(secret)).toMatchObject({
    actor: { kind: "token", id: "ana/ci" },
    user: "ana",
    role: "editor",
    owners: ["ana", "billing"],
    via: "token",
    csrf: null,
    session: null,
  });
});

test("is stored hashed, and told once", async () => {
  const { id, secret } = await fleet.tokenOf("ana");
  const documents = partsOf(fleet.scheduler)?.engine.documents;
  const all = JSON.stringify((await documents?.list("", undefined, 1_000))?.documents);
  expect(all).toContain(id.slice(0, 12));
  expect(all).not.toContain(secret.slice(-40));
  const { body } = await fleet.call("/tokens", { as: await fleet.jwtOf("ana") });
  expect(JSON.stringify(body)).not.toContain(secret.slice(-40));
});

test("is never more than its user: not when made, and not later", async () => {
  expect((await make("ana", { role: "admin" })).status).toBe(403);
  expect((await make("ana", { owners: ["sales"] })).status).toBe(403);
  expect((await make("ana", { user: "root-admin" })).status).toBe(404);
  expect((await make("root-admin", { role: "admin", owners: ["sales"] })).status).toBe(400);
  expect((await make("root-admin", { owners: ["not an owner"] })).status).toBe(400);
  const { secret } = await fleet.tokenOf("ana", { role: "editor", owners: ["billing"] });
  expect(await who(secret)).toMatchObject({ role: "editor", owners: ["billing"] });
  const root = await fleet.jwtOf("root-admin");
  const patch = (body: object) => fleet.call("/users/ana", { method: "PATCH", body, as: root });
  await patch({ role: "viewer" });
  expect(await who(secret)).toMatchObject({ role: "viewer", owners: ["billing"] });
  await patch({ teams: [] });
  expect(await who(secret)).toBe(401);
});

test("of an administrator may be for one owner's jobs alone", async () => {
  const { secret } = await fleet.tokenOf("root-admin", { role: "editor", owners: ["sales"] });
  expect(await who(secret)).toMatchObject({ role: "editor", owners: ["sales"] });
});

test("expires after 90 days, or when said; never only if said", async () => {
  const ninety = await fleet.tokenOf("ana");
  const week = await fleet.tokenOf("ana", { expiresInDays: 7 });
  const never = await fleet.tokenOf("ana", { expiresInDays: null });
  expect((await make("ana", { expiresInDays: 366 })).status).toBe(400);
  const are = async () => {
    const all = [await who(ninety.secret), await who(week.secret), await who(never.secret)];
    return all.map((one) => (typeof one === "number" ? one : 200));
  };
  await fleet.clock.pass(7 * DAY - 1);
  expect(await are()).toEqual([200, 200, 200]);
  await fleet.clock.pass(1);
  expect(await are()).toEqual([200, 401, 200]);
  await fleet.clock.pass(83 * DAY);
  expect(await are()).toEqual([401, 401, 200]);
  await fleet.clock.pass(3_650 * DAY);
  expect(await are()).toEqual([401, 401, 200]);
});

test("tells to the minute when it was used last", async () => {
  const { secret } = await fleet.tokenOf("ana");
  const used = async () => {
    const { body } = await fleet.call("/tokens", { as: await fleet.jwtOf("ana") });
    return (body as { items: { lastUsedAt: string | null }[] }).items[0]?.lastUsedAt;
  };
  expect(await used()).toBeNull();
  await who(secret);
  await fleet.clock.pass(MINUTE - 1);
  await who(secret);
  expect(await used()).toBe(new Date(START).toISOString());
  await fleet.clock.pass(1);
  await who(secret);
  expect(await used()).toBe(new Date(START + MINUTE).toISOString());
});

test("revoked, it is over at once, also for requests under way", async () => {
  const { id, secret } = await fleet.tokenOf("ana");
  const ana = await fleet.jwtOf("ana");
  expect(await who(secret)).toMatchObject({ role: "viewer" });
  await fleet.clock.pass(2 * MINUTE);
  const revoke = fleet.call(`/tokens/${id}`, { method: "DELETE", as: ana });
  await Promise.all([revoke, ...Array.from({ length: 10 }, () => who(secret))]);
  expect(await who(secret)).toBe(401);
  expect((await fleet.call(`/tokens/${id}`, { method: "DELETE", as: ana })).status).toBe(404);
});

test("of others do not exist, but for administrators", async () => {
  const { id } = await fleet.tokenOf("root-admin");
  const [ana, root] = [await fleet.jwtOf("ana"), await fleet.jwtOf("root-admin")];
  for (const token of [id, "0".repeat(24), "../x", "x"])
    expect(
      (await fleet.call(`/tokens/${encodeURIComponent(token)}`, { method: "DELETE", as: ana }))
        .status,
    ).toBe(404);
  expect((await fleet.call("/tokens", { as: ana })).body).toMatchObject({ items: [] });
  expect((await fleet.call("/tokens?user=root-admin", { as: ana })).status).toBe(404);
  await fleet.tokenOf("ana");
  expect((await fleet.call("/tokens", { as: root })).body).toMatchObject({ items: [{}, {}] });
  expect((await fleet.call("/tokens?user=ana", { as: root })).body).toMatchObject({
    items: [{ user: "ana" }],
  });
});

test("makes no other tokens", async () => {
  const { secret } = await fleet.tokenOf("root-admin", { role: "admin" });
  const made = await fleet.call("/tokens", { method: "POST", body: { name: "more" }, as: secret });
  expect(made).toMatchObject({ status: 403, body: { code: "NOT_ALLOWED" } });
});

test("a user has a hundred at most", async () => {
  const root = await fleet.jwtOf("root-admin");
  const one = () =>
    fleet.call("/tokens", { method: "POST", body: { name: "ci", user: "ana" }, as: root });
  for (let i = 0; i < 100; i += 1) expect((await one()).status).toBe(201);
  expect((await one()).body).toMatchObject({ code: "QUOTA_EXCEEDED" });
});

test("wrong ones are all answered alike", async () => {
  const { secret } = await fleet.tokenOf("ana");
  const wrong = [
    `${secret.slice(0, -1)}${secret.endsWith("0") ? "1" : "0"}`,
    `cdt_${"0".repeat(64)}`,
    "cdt_",
    `cdt_${"x".repeat(64)}`,
    secret.toUpperCase(),
    "",
    "a b",
    "x".repeat(10_000),
  ];
  const answers = [];
  for (const as of wrong) {
    const { status, body, headers } = await fleet.call("/session", { as });
    answers.push({ status, body, challenge: headers.get("www-authenticate") });
  }
  expect(answers[0]).toMatchObject({ status: 401, challenge: "Bearer" });
  for (const answer of answers) expect(answer).toEqual(answers[0]);
});

test("a header of another form is said to be one", async () => {
  const { secret } = await fleet.tokenOf("ana");
  const { status, body } = await fleet.call("/session", { headers: { authorization: secret } });
  expect(status).toBe(401);
  expect(body).toMatchObject({ message: expect.stringContaining("`Bearer`, a space") as string });
});
