// Tokens of another server, whose keys are fetched over HTTP.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ApiOptions } from "../../src/api/api-options.ts";
import { createApi } from "../../src/api/create-api.ts";
import { AccountsFleet, MINUTE, START } from "./accounts-fleet.ts";

const ISSUER = "https://id.example.com";
type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

let first: Keys;
let second: Keys;
let server: Server;
let asked: string[] = [];
let answer: { status: number; body: string; location?: string };
let port: number;

beforeAll(async () => {
  [first, second] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
  server = createServer(({ url = "" }, response) => {
    asked.push(url);
    const { status, body, location } = answer;
    response.writeHead(status, location === undefined ? {} : { location }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

beforeEach(async () => {
  asked = [];
  answer = { status: 200, body: await setOf(first, "one") };
});

async function setOf({ publicKey }: Keys, kid: string): Promise<string> {
  return JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: "ES256" }] });
}

function issuerOptions(given: object = {}): NonNullable<NonNullable<ApiOptions["auth"]>["issuer"]> {
  return {
    jwksUrl: `http://127.0.0.1:${port}/keys`,
    issuer: ISSUER,
    audience: "cronduit",
    algorithms: ["ES256"],
    claims: { user: "preferred_username", role: ["realm", "roles"], teams: "groups" },
    roles: { viewer: ["staff"], editor: ["developers"], admin: ["operators"] },
    ...given,
  };
}

async function sign(claims: object = {}, header: object = {}, keys: Keys = first): Promise<string> {
  const now = START / 1_000;
  return new SignJWT({
    iss: ISSUER,
    aud: "cronduit",
    preferred_username: "eva@example.com",
    realm: { roles: ["staff", "developers"] },
    groups: ["billing", "not an owner", 7],
    iat: now,
    exp: now + 600,
    ...claims,
  })
    .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: "one", ...header })
    .sign(keys.privateKey);
}

async function withFleet(
  act: (
    fleet: AccountsFleet,
    ask: (jwt: string) => ReturnType<AccountsFleet["call"]>,
  ) => Promise<void>,
  given: object = {},
): Promise<void> {
  await using fleet = new AccountsFleet({ auth: { issuer: issuerOptions(given) } });
  await act(fleet, (jwt) => fleet.call("/session", { as: jwt }));
}

test("name a user with the highest role and the teams of their claims", () =>
  withFleet(async (_, ask) => {
    expect(await ask(await sign())).toMatchObject({
      status: 200,
      body: {
        actor: { kind: "user", id: "eva@example.com" },
        role: "editor",
        owners: ["eva@example.com", "billing"],
        via: "issuer",
        session: null,
      },
    });
    const admin = await sign({ realm: { roles: "operators" } });
    expect((await ask(admin)).body).toMatchObject({ role: "admin" });
  }));

describe("are refused", () => {
  test.each<[string, object, object?]>([
    ["another issuer", { iss: `${ISSUER}/` }],
    ["no issuer", { iss: undefined }],
    ["another audience", { aud: "other" }],
    ["an end in the past", { exp: START / 1_000 - 60 }],
    ["no end", { exp: undefined }],
    ["no beginning", { iat: undefined }],
    ["older than a day, whatever the end", { iat: START / 1_000 - 90_000 }],
    ["not valid yet", { nbf: START / 1_000 + 60 }],
    ["no name", { preferred_username: undefined }],
    ["a name that can't be an owner", { preferred_username: "a/b" }],
    ["a name that is a list of other things", { preferred_username: [{}] }],
    ["another type", {}, { typ: "JWT" }],
    ["an unknown key", {}, { kid: "two" }],
    [
      "another algorithm than configured",
      {},
      { kid: "one", alg: "ES256", b64: false, crit: ["b64"] },
    ],
  ])("%s", (_, claims, header) =>
    withFleet(
      async (__, ask) => {
        const jwt = await sign(claims, header).catch(() => "a.b.c");
        expect((await ask(jwt)).status).toBe(401);
      },
      { type: "at+jwt" },
    ),
  );

  test("the public key as a secret", () =>
    withFleet(async (_, ask) => {
      const [payload] = [
        JSON.stringify({ iss: ISSUER, aud: "cronduit", preferred_username: "eva" }),
      ];
      for (const key of [answer.body, JSON.stringify(await exportJWK(first.publicKey))]) {
        const forged = await new SignJWT(JSON.parse(payload) as Record<string, unknown>)
          .setProtectedHeader({ alg: "HS256", kid: "one" })
          .setIssuedAt(START / 1_000)
          .setExpirationTime(START / 1_000 + 60)
          .sign(new TextEncoder().encode(key));
        expect((await ask(forged)).status).toBe(401);
      }
    }));

  test("keys from elsewhere, which are never fetched", () =>
    withFleet(async (_, ask) => {
      const jku = `http://127.0.0.1:${port}/evil`;
      answer = { status: 200, body: await setOf(first, "one") };
      const forged = await sign(
        {},
        { jku, x5u: jku, jwk: await exportJWK(second.publicKey) },
        second,
      );
      expect((await ask(forged)).status).toBe(401);
      expect(asked).toEqual(["/keys"]);
    }));

  test("a name that is a user here", () =>
    withFleet(async (fleet, ask) => {
      const jwt = await sign();
      expect((await ask(jwt)).status).toBe(200);
      await fleet.addUser("Eva@example.com", { role: "admin" });
      expect((await ask(jwt)).status).toBe(401);
    }));

  test("who has no role here, with 403", () =>
    withFleet(async (_, ask) => {
      for (const realm of [undefined, {}, { roles: [] }, { roles: ["guests"] }, "staff"])
        expect(await ask(await sign({ realm }))).toMatchObject({
          status: 403,
          body: { code: "NOT_ALLOWED" },
        });
    }));

  test("and so is everything else, where there is an issuer alone", async () => {
    await using fleet = new AccountsFleet({ auth: { accounts: false, issuer: issuerOptions() } });
    const body = { user: "ana", password: "x" };
    expect((await fleet.call("/session", { method: "POST", body })).body).toMatchObject({
      code: "INVALID_STATE",
    });
    expect((await fleet.call("/session", { as: `cdt_${"0".repeat(64)}` })).status).toBe(401);
    expect((await fleet.call("/session", { as: await sign() })).status).toBe(200);
  });
});

describe("the keys", () => {
  test("are fetched once, and again for an unknown one", () =>
    withFleet(async (_, ask) => {
      for (let i = 0; i < 5; i += 1) expect((await ask(await sign())).status).toBe(200);
      expect(asked).toEqual(["/keys"]);
      // Unknown keys do not fetch again and again.
      for (let i = 0; i < 5; i += 1)
        expect((await ask(await sign({}, { kid: `x${i}` }, second))).status).toBe(401);
      expect(asked).toEqual(["/keys"]);
    }));

  test.each([
    ["an error", { status: 500, body: "" }],
    ["a redirect", { status: 302, body: "", location: "/evil" }],
    ["no JSON", { status: 200, body: "<html>" }],
    ["no set of keys", { status: 200, body: "{}" }],
    ["much too much", { status: 200, body: `{"keys":[],"x":"${"x".repeat(300_000)}"}` }],
  ])("that can't be read (%s) are our fault, and not asked for again at once", (_, given) =>
    withFleet(async (fleet, ask) => {
      const right = answer;
      answer = given;
      const jwt = await sign();
      expect(await ask(jwt)).toMatchObject({ status: 503, body: { code: "CONNECTION_FAILED" } });
      expect(asked).toEqual(["/keys"]);
      answer = right;
      await fleet.clock.pass(MINUTE);
      expect((await ask(jwt)).status).toBe(200);
    }),
  );
});

test.each([
  { algorithms: ["HS256"] },
  { algorithms: ["none"] },
  { algorithms: [] },
  { jwksUrl: "http://id.example.com/keys" },
  { jwksUrl: "file:///etc/passwd" },
  { jwksUrl: "https://ana:secret@id.example.com/keys" },
  { roles: {} },
  { audience: "" },
  { nonsense: 1 },
])("the options %j are refused", async (given) => {
  await using fleet = new AccountsFleet();
  const { scheduler } = fleet;
  const auth = { issuer: issuerOptions(given) };
  expect(() => createApi({ scheduler, auth })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION" }),
  );
});
