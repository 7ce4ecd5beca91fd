// JWTs of this server, and forged ones.
import { createHash, generateKeyPairSync } from "node:crypto";
import { SignJWT, UnsecuredJWT } from "jose";
import { beforeEach, describe, expect, test } from "vitest";
import { createApi } from "../../src/api/create-api.ts";
import { callApi } from "./call-api.ts";
import { AccountsFleet, GOOD, SECRET, START } from "./accounts-fleet.ts";

const OTHER = "0123456789abcdef0123456789abcdef-second";
const bytes = (secret: string): Uint8Array => new TextEncoder().encode(secret);

let fleet: AccountsFleet;
let good: string;

beforeEach(async () => {
  fleet = new AccountsFleet();
  await fleet.addUser("ana", { role: "editor" });
  await fleet.addUser("root-admin", { role: "admin" });
  good = await fleet.jwtOf("ana");
  return () => fleet.scheduler.shutdown();
});

const status = async (jwt: string): Promise<number> =>
  (await fleet.call("/session", { as: jwt })).status;
const partOf = (jwt: string, at: 0 | 1): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split(".")[at] ?? "", "base64url").toString()) as Record<
    string,
    unknown
  >;
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

test("says who, for what and until when, and no more", () => {
  expect(partOf(good, 0)).toEqual({
    alg: "HS256",
    typ: "cronduit+jwt",
    kid: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown,
  });
  expect(partOf(good, 1)).toEqual({
    iss: "cronduit",
    aud: "cronduit-api",
    sub: "ana",
    jti: expect.stringMatching(/^[0-9a-f]{24}$/) as unknown,
    iat: START / 1_000,
    exp: START / 1_000 + 900,
  });
});

test("acts as its user", async () => {
  expect((await fleet.call("/session", { as: good })).body).toMatchObject({
    actor: { kind: "user", id: "ana" },
    role: "editor",
    via: "jwt",
    csrf: null,
  });
});

/** Signs what a good one says, changed. */
async function forge(
  header: Record<string, unknown>,
  claims: Record<string, unknown>,
  secret = SECRET,
): Promise<string> {
  return new SignJWT({ ...partOf(good, 1), ...claims })
    .setProtectedHeader({ ...partOf(good, 0), alg: "HS256", ...header })
    .sign(bytes(secret));
}

test("signed alike, one that says the same is good", async () => {
  expect(await status(await forge({}, {}))).toBe(200);
});

describe("is refused", () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>, string?]>([
    ["another secret", {}, {}, OTHER],
    ["another user's name", {}, { sub: "root-admin" }],
    ["a name that is an object", {}, { sub: { id: "ana" } }],
    ["a name that is nobody's", {}, { sub: "../passwords/ana" }],
    ["a session that never was", {}, { jti: "0".repeat(24) }],
    ["a session's id that is a path", {}, { jti: "../../users/ana" }],
    ["no session", {}, { jti: undefined }],
    ["another issuer", {}, { iss: "https://evil.example.com" }],
    ["another audience", {}, { aud: "other" }],
    ["no audience", {}, { aud: undefined }],
    ["an end in the past", {}, { exp: START / 1_000 }],
    ["no end", {}, { exp: undefined }],
    ["an end that is a text", {}, { exp: "2099-01-01" }],
    ["a beginning in the future", {}, { nbf: START / 1_000 + 60 }],
    ["another type", { typ: "JWT" }, {}],
    ["no type", { typ: undefined }, {}],
    ["a type that is an object", { typ: { toString: "cronduit+jwt" } }, {}],
    ["no key's name", { kid: undefined }, {}],
    ["a key's name that is a path", { kid: "../../../../dev/null" }, {}],
    ["a key's name that is a query", { kid: "' UNION SELECT 'x" }, {}],
    ["a key's name of every object", { kid: "__proto__" }, {}],
    ["another algorithm of the same family", { alg: "HS512" }, {}],
  ])("%s", async (_, header, claims, secret) => {
    expect(await status(await forge(header, claims, secret))).toBe(401);
  });

  test("no algorithm, in any letters", async () => {
    expect(await status(new UnsecuredJWT(partOf(good, 1)).encode())).toBe(401);
    for (const alg of ["none", "None", "NONE", "nOnE", ""]) {
      const header = encode({ ...partOf(good, 0), alg });
      const [, payload, signature] = good.split(".");
      expect(await status(`${header}.${payload}.`)).toBe(401);
      expect(await status(`${header}.${payload}.${signature}`)).toBe(401);
    }
  });

  test("a key that the token brings along", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const own = await new SignJWT(partOf(good, 1))
      .setProtectedHeader({
        ...partOf(good, 0),
        alg: "RS256",
        jwk: publicKey.export({ format: "jwk" }),
        jku: "https://evil.example.com/keys",
      })
      .sign(privateKey);
    expect(await status(own)).toBe(401);
  });

  test("another content under the same signature", async () => {
    const [header, , signature] = good.split(".");
    const payload = encode({ ...partOf(good, 1), sub: "root-admin" });
    expect(await status(`${header}.${payload}.${signature}`)).toBe(401);
    expect(await status(`${good}x`)).toBe(401);
    expect(await status(good.slice(0, -2))).toBe(401);
    expect(await status(`${good}.${signature}`)).toBe(401);
  });

  test("a critical header that nobody knows", async () => {
    expect(await status(await forgeCritical())).toBe(401);
  });

  async function forgeCritical(): Promise<string> {
    const header = encode({ ...partOf(good, 0), crit: ["exp"], exp: 1 });
    const input = `${header}.${good.split(".")[1]}`;
    const key = await crypto.subtle.importKey(
      "raw",
      bytes(SECRET),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const mac = await crypto.subtle.sign("HMAC", key, bytes(input));
    return `${input}.${Buffer.from(mac).toString("base64url")}`;
  }
});

test("is over when its session is, its user is disabled, or the password is another", async () => {
  expect((await fleet.call("/session/end", { method: "POST", body: {}, as: good })).status).toBe(
    204,
  );
  expect(await status(good)).toBe(401);
  const next = await fleet.jwtOf("ana");
  const patch = (isDisabled: boolean) =>
    callApi(fleet.local, "/users/ana", { method: "PATCH", body: { isDisabled } });
  await patch(true);
  expect(await status(next)).toBe(401);
  await patch(false);
  const third = await fleet.jwtOf("ana");
  await fleet.call("/users/ana/password", {
    method: "POST",
    body: { oldPassword: GOOD, newPassword: "another-good-one-77" },
    as: third,
  });
  expect(await status(third)).toBe(401);
});

test("the cookie of a browser is no JWT's session, and a JWT is no cookie", async () => {
  const browser = await fleet.browserOf("ana");
  const id = browser.cookie.split("=")[1]?.slice(0, 24) ?? "";
  expect(await status(await forge({}, { jti: id }))).toBe(401);
  const { headers } = { headers: { cookie: `cronduit-80=${good}` } };
  expect((await fleet.call("/session", { headers })).status).toBe(401);
});

test("while the secret is changed, tokens of the old one are good; then no more", async () => {
  const { scheduler } = fleet;
  const ask = async (secrets: string[], jwt: string) => {
    const api = createApi({ scheduler, auth: { jwt: { secrets } } });
    return (await callApi(api, "/session", { headers: { authorization: `Bearer ${jwt}` } })).status;
  };
  const fresh = createApi({ scheduler, auth: { jwt: { secrets: [OTHER, SECRET] } } });
  const { body } = await callApi(fresh, "/session", {
    method: "POST",
    body: { user: "ana", password: GOOD, as: "jwt" },
  });
  const { token } = body as { token: string };
  expect(await ask([OTHER, SECRET], good)).toBe(200);
  expect(await ask([OTHER, SECRET], token)).toBe(200);
  expect(await ask([OTHER], good)).toBe(401);
  expect(await ask([OTHER], token)).toBe(200);
  expect(await ask([SECRET], token)).toBe(401);
});

test("the key's name does not tell the secret", () => {
  const plain = createHash("sha256").update(SECRET).digest("hex");
  expect(plain).not.toContain(String(partOf(good, 0)["kid"]));
});
