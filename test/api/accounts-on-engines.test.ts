// What accounts rely on holds on each server: documents that two change at once, and that expire.
import { randomUUID } from "node:crypto";
import { describe, expect, inject, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { AccountsFleet, GOOD } from "./accounts-fleet.ts";
import { callApi } from "./call-api.ts";

describe.each([
  ["redis", () => inject("redisUrl")],
  ["postgres", () => inject("postgresUrl")],
] as const)("%s", (_, connection) => {
  const open = () =>
    new AccountsFleet({ auth: { jwt: { secret: "x".repeat(40) } } }, systemClock, {
      connection: connection(),
      prefix: `acc_${randomUUID().slice(0, 8)}`,
    });

  test("set-up, sessions, tokens and what ends them", async () => {
    await using fleet = open();
    const made = await fleet.api.setupToken();
    const body = { token: made?.token ?? "", user: "root-admin", password: GOOD };
    const both = await Promise.all(
      ["root-admin", "eve"].map((user) =>
        fleet.call("/setup", { method: "POST", body: { ...body, user } }),
      ),
    );
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 401]);
    await fleet.addUser("ana", { role: "editor", teams: ["billing"] });
    const [jwt, browser, token] = [
      await fleet.jwtOf("ana"),
      await fleet.browserOf("ana"),
      await fleet.tokenOf("ana", { role: "editor" }),
    ];
    const statuses = async () => [
      (await fleet.call("/session", { as: jwt })).status,
      (await fleet.call("/session", { headers: browser.headers })).status,
      (await fleet.call("/session", { as: token.secret })).status,
    ];
    expect(await statuses()).toEqual([200, 200, 200]);
    await fleet.call("/session/end", { method: "POST", body: {}, as: jwt });
    expect(await statuses()).toEqual([401, 200, 200]);
    await callApi(fleet.local, `/tokens/${token.id}`, { method: "DELETE" });
    expect(await statuses()).toEqual([401, 200, 401]);
    await callApi(fleet.local, "/users/ana", { method: "DELETE" });
    expect(await statuses()).toEqual([401, 401, 401]);
    const { body: audit } = await callApi(fleet.local, "/audit?limit=1");
    expect(audit).toMatchObject({ items: [{ action: "user-deleted", user: "ana" }] });
  });

  test("many wrong passwords at once are no way around, and one of two administrators stays", async () => {
    await using fleet = open();
    for (const id of ["ana", "bob"]) await fleet.addUser(id, { role: "admin" });
    const wrong = { user: "ana", password: "wrong-one-here" };
    const all = await Promise.all(
      Array.from({ length: 20 }, () => fleet.call("/session", { method: "POST", body: wrong })),
    );
    expect(all.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(all.filter(({ status }) => status === 429)).toHaveLength(15);
    const demoted = await Promise.all(
      ["ana", "bob"].map((id) =>
        callApi(fleet.local, `/users/${id}`, { method: "PATCH", body: { role: "viewer" } }),
      ),
    );
    expect(demoted.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  });
});
