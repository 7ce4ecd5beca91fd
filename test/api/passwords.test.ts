// What passwords may be, and what is kept of them.
import { expect, test } from "vitest";
import { contract } from "../../src/api/contract.ts";
import { Passwords } from "../../src/api/accounts/passwords.ts";
import { partsOf } from "../../src/scheduler/pipeline-scheduler.ts";
import { AccountsFleet, DAY, GOOD } from "./accounts-fleet.ts";

test("knows the most common passwords: more than the 3,000 that ASVS asks for", async () => {
  const { dictionary } = await import("@zxcvbn-ts/language-common");
  const common = dictionary["passwords-common"].filter(({ length }) => length >= 8);
  expect(common.length).toBeGreaterThan(3_000);
  const passwords = new Passwords();
  const weak = expect.objectContaining({ code: "WEAK_PASSWORD" }) as Error;
  for (const one of ["password", "iloveyou", "12345678", "qwertyuiop", ...common.slice(0, 3_000)])
    await expect(passwords.requireStrong(one.toUpperCase(), "ana")).rejects.toThrow(weak);
});

test.each([
  ["grace-hopper", "gracehopper", true],
  ["grace-hopper-1906", "grace-hopper", false],
  ["grace-hopper-under-the-bridge", "grace-hopper", true],
  ["CRONDUIT1", "ana", false],
  ["ana-ana-ana-ana", "ana", true],
])("%s of %s: %s", async (password, login, isTaken) => {
  const check = new Passwords().requireStrong(password, login).then(
    () => true,
    () => false,
  );
  expect(await check).toBe(isTaken);
});

test("random ones are long enough, and each is another", async () => {
  const passwords = new Passwords();
  const made = Array.from({ length: 100 }, () => passwords.makeOneTime());
  expect(new Set(made).size).toBe(100);
  for (const one of made) await passwords.requireStrong(one, "ana");
});

test("without a hash none is right, not even the decoy's", async () => {
  const passwords = new Passwords();
  expect(await passwords.verify(undefined, GOOD)).toBe(false);
  const hash = await passwords.hash(GOOD);
  expect(await passwords.verify(hash, GOOD)).toBe(true);
  expect(await passwords.verify(hash, `${GOOD} `)).toBe(false);
});

test("a password of one's own does not expire", async () => {
  await using fleet = new AccountsFleet();
  await fleet.addUser("ana");
  await fleet.clock.pass(3_650 * DAY);
  expect(await fleet.jwtOf("ana")).toContain(".");
});

test("no route takes a hint or a question", () => {
  expect(JSON.stringify(Object.keys(contract))).not.toMatch(/hint|question|recover|forgot/i);
});

test("the set-up token is stored hashed", async () => {
  await using fleet = new AccountsFleet();
  const made = await fleet.api.setupToken();
  const stored = await partsOf(fleet.scheduler)?.engine.documents.get("api/set-up");
  expect(stored).toMatchObject({ stays: true });
  expect(JSON.stringify(stored)).not.toContain(made?.token.slice(4));
});

test("nobody changes what is not theirs to change", async () => {
  await using fleet = new AccountsFleet();
  await fleet.addUser("ana", { role: "editor" });
  await fleet.addUser("root-admin", { role: "admin" });
  const [ana, root] = [await fleet.jwtOf("ana"), await fleet.jwtOf("root-admin")];
  const patch = async (as: string, body: object) =>
    (await fleet.call("/users/ana", { method: "PATCH", body, as })).status;
  for (const body of [{ role: "admin" }, { teams: ["billing"] }, { quotas: { jobs: null } }, {}])
    expect(await patch(ana, body)).toBe(403);
  for (const body of [
    { id: "eve" },
    { uid: "x" },
    { epoch: 1 },
    { createdAt: "2026-01-01T00:00:00.000Z" },
    { passwordHash: "x" },
    { quotas: { nonsense: 1 } },
    { role: "owner" },
  ])
    expect(await patch(root, body)).toBe(400);
});
