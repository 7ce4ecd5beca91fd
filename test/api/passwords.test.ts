// What passwords may be, and what is kept of them.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { breachedPasswordsIn } from "../../src/api/accounts/breached-passwords.ts";
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

describe("leaked passwords", () => {
  const folder = mkdtempSync(join(tmpdir(), "breached-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const hashOf = (password: string) =>
    createHash("sha1").update(password).digest("hex").toUpperCase();
  /** As haveibeenpwned.com gives them. */
  function fileOf(passwords: readonly string[], end: string): string {
    const path = join(folder, `${passwords.length}-${end.length}.txt`);
    const lines = passwords.map((password, i) => `${hashOf(password)}:${10 ** (i % 8)}`);
    writeFileSync(path, lines.toSorted().join(end) + (end === "\r\n" ? end : ""));
    return path;
  }

  test.each([1, 2, 3, 1_000])("are found in a file of %i, and no others", async (count) => {
    const passwords = Array.from({ length: count }, (_, i) => `leaked-password-${i}`);
    for (const end of ["\n", "\r\n"]) {
      const isBreached = breachedPasswordsIn(fileOf(passwords, end));
      for (const password of passwords.slice(0, 300)) expect(await isBreached(password)).toBe(true);
      for (let i = 0; i < 200; i += 1) expect(await isBreached(`another-${i}`)).toBe(false);
    }
  });

  test("a file that is not there, or empty", async () => {
    expect(() => breachedPasswordsIn(join(folder, "none"))).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
    expect(await breachedPasswordsIn(fileOf([], "\n"))("x")).toBe(false);
  });

  test("can't be chosen, neither at set-up nor later", async () => {
    const leaked = "violet-harbour-21-otters";
    const breachedPasswords = breachedPasswordsIn(fileOf([leaked, "x", "y", "z"], "\n"));
    await using fleet = new AccountsFleet({ auth: { breachedPasswords } });
    const { token } = (await fleet.api.setupToken()) ?? {};
    const setUp = { token, user: "boss", password: leaked };
    const refused = {
      status: 400,
      body: { code: "WEAK_PASSWORD", message: "The new password is one that was leaked." },
    };
    expect(await fleet.call("/setup", { method: "POST", body: setUp })).toMatchObject(refused);
    await fleet.addUser("ana");
    const change = { user: "ana", password: GOOD, newPassword: leaked };
    expect(await fleet.call("/session", { method: "POST", body: change })).toMatchObject(refused);
  });
});
