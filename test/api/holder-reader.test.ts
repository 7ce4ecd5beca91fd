// How often the server is asked who sends a request, and that what it says holds at once.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { partsOf } from "../../src/scheduler/pipeline-scheduler.ts";
import { AccountsFleet } from "./accounts-fleet.ts";
import { callApi } from "./call-api.ts";

let fleet: AccountsFleet;

beforeEach(async () => {
  fleet = new AccountsFleet();
  await fleet.addUser("ana", { role: "editor" });
});
afterEach(() => fleet.scheduler.shutdown());

/** The keys of each call for documents that a request makes. */
async function keysOf(request: () => Promise<unknown>): Promise<string[][]> {
  const { documents } = partsOf(fleet.scheduler)?.engine ?? {};
  if (!documents) throw new Error("no documents");
  const calls: string[][] = [];
  const get = vi.spyOn(documents, "get");
  const getMany = vi.spyOn(documents, "getMany");
  await request();
  // The one calls the other on some engines.
  for (const [keys] of getMany.mock.calls) calls.push([...keys]);
  for (const [key] of get.mock.calls)
    if (!calls.some((keys) => keys.length === 1 && keys[0] === key)) calls.push([key]);
  vi.restoreAllMocks();
  return calls;
}

const callers = {
  "an API token": async () => {
    const { secret: as } = await fleet.tokenOf("ana", { role: "editor" });
    return () => fleet.call("/jobs", { as });
  },
  "a cookie": async () => {
    const { headers } = await fleet.browserOf("ana");
    return () => fleet.call("/jobs", { headers });
  },
  "a JWT": async () => {
    const as = await fleet.jwtOf("ana");
    return () => fleet.call("/jobs", { as });
  },
};

describe.each(Object.entries(callers))("%s", (_, make) => {
  test("is looked up with its user in one call, from the second request on", async () => {
    const request = await make();
    expect((await request()).status).toBe(200);
    const calls = await keysOf(request);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toHaveLength(2);
    expect(calls[0]).toContain("api/users/ana");
  });

  test("is nobody's from the moment on that its user is disabled or removed", async () => {
    const request = await make();
    for (let i = 0; i < 2; i += 1) expect((await request()).status).toBe(200);
    await callApi(fleet.local, "/users/ana", { method: "PATCH", body: { isDisabled: true } });
    expect((await request()).status).toBe(401);
    await callApi(fleet.local, "/users/ana", { method: "DELETE" });
    // Somebody else of that name.
    await fleet.addUser("ana", { role: "editor" });
    expect((await request()).status).toBe(401);
  });
});

test("guesses are not remembered, and ask for no user", async () => {
  const { secret } = await fleet.tokenOf("ana");
  const guess = `${secret.slice(0, -1)}${secret.endsWith("0") ? "1" : "0"}`;
  for (let i = 0; i < 2; i += 1) {
    const calls = await keysOf(async () =>
      expect((await fleet.call("/jobs", { as: guess })).status).toBe(401),
    );
    expect(calls.flat().filter((key) => key.startsWith("api/users/"))).toEqual([]);
  }
});
