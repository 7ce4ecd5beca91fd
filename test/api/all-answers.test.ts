// What holds for every route and every answer, whoever calls.
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contract, type RouteName } from "../../src/api/contract.ts";
import type { Route } from "../../src/api/contract/route.ts";
import { toNodeListener } from "../../src/api/edge/node-listener.ts";
import { systemClock } from "../../src/core/clock.ts";
import { AccountsFleet, Report } from "./accounts-fleet.ts";
import { JOB, requestTo } from "./route-rows.ts";

const names = Object.keys(contract) as RouteName[];
const MANY = { address: 1_000_000, caller: 1_000_000, refused: 1_000_000 };
const fleet = new AccountsFleet(
  {
    limits: { requestsPerMinute: MANY },
    publicUrl: "https://jobs.example.com",
  },
  systemClock,
);
let runId = "";
let secret = "";

beforeAll(async () => {
  await prepare();
  await fleet.addUser("ana", { role: "admin" });
  ({ secret } = await fleet.tokenOf("ana", { role: "admin" }));
});
afterAll(() => fleet.scheduler.shutdown());

async function prepare(): Promise<void> {
  const timing = { trigger: "cron", hour: 3, replaceExisting: true } as const;
  await fleet.scheduler.addJob(Report, { id: JOB, owner: "billing", ...timing });
  runId = await fleet.scheduler.runJob(JOB);
}

function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${secret}` };
  const all = { ...init, headers: { ...headers, ...(init.headers as object) } };
  return fleet.api.fetch(new Request(`https://jobs.example.com/api${path}`, all), {
    address: "203.0.113.7",
  });
}

const correct = (name: RouteName) => requestTo(name, { jobId: JOB, runId, self: "ana" });

/** An answer's beginning; a stream is closed. */
async function textOf(answer: Response): Promise<string> {
  if (answer.headers.get("content-type")?.startsWith("text/event-stream") !== true)
    return answer.text();
  await answer.body?.cancel();
  return "";
}

describe.each(names)("%s", (name) => {
  const { method, query, body } = contract[name] as Route;

  test.each(["as it should be", "without a credential", "with something wrong"])(
    "%s",
    async (how) => {
      await prepare();
      const { path, ...asked } = correct(name);
      const answer = await call(
        how === "with something wrong" ? `${path}${path.includes("?") ? "&" : "?"}no-such=1` : path,
        {
          ...asked,
          ...(how === "without a credential" ? { headers: { authorization: "Bearer x" } } : {}),
        },
      );
      const text = await textOf(answer);
      const { status, headers } = answer;
      const type = headers.get("content-type");
      if (text !== "") {
        expect(type).toMatch(
          /^(?:application\/json|application\/problem\+json|text\/html; charset=utf-8)$/,
        );
        // JSON is UTF-8 by its own standard, and has no parameter for it.
        if (type?.includes("json") === true) JSON.parse(text);
      }
      expect([
        status,
        status >= 300 && status < 400,
        headers.get("location")?.includes("//") ?? false,
      ]).toEqual([status, false, false]);
      expect(headers.get("content-disposition")).toBeNull();
      const policy = headers.get("content-security-policy") ?? "";
      for (const directive of [
        "default-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'none'",
      ])
        expect(policy).toContain(directive);
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(Object.fromEntries(headers)).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "cache-control": expect.stringMatching(/^no-(?:store|cache)/) as string,
      });
      expect(
        [...headers.keys()].filter((key) => /^(?:server|x-powered-by|x-aspnet.*)$/.test(key)),
      ).toEqual([]);
      if (type?.startsWith("text/html") === true) {
        expect(text).not.toMatch(
          /<(?:script|object|embed|applet|iframe|form|input|img|link|base)\b|\bon\w+\s*=|javascript:|postMessage|Storage/i,
        );
        expect(text).not.toMatch(/(?:src|href)="(?!#)/);
      }
    },
  );

  test("takes its own fields and no others, each once", async () => {
    if (query) {
      const [field] = Object.keys(query.shape);
      const twice = await call(
        `${correct(name).path.split("?")[0] ?? ""}?${field}=1&${field}=2&nothing=1`,
        { method },
      );
      expect(twice.status).toBe(400);
    }
    if (!body || method === "GET") return;
    const given = JSON.parse(correct(name).body ?? "{}") as object;
    for (const more of ["isAdmin", "role_", "__proto__", "constructor"]) {
      const text = JSON.stringify({ ...given, more: 1 }).replace('"more"', JSON.stringify(more));
      const answer = await call(correct(name).path, { method, body: text });
      expect([more, answer.status]).toEqual([more, 400]);
    }
  });

  test("takes JSON and nothing else, told as such", async () => {
    if (!body || method === "GET") return;
    const { path, body: text = "{}" } = correct(name);
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/xml",
      "application/jsonx",
      "",
    ]) {
      const answer = await call(path, { method, body: text, headers: { "content-type": type } });
      expect([type, answer.status]).toEqual([type, 400]);
    }
  });
});

test("a query's field that is one of a kind is refused if it comes twice", async () => {
  const answer = await call("/jobs?limit=1&limit=2");
  expect([answer.status, await answer.json()]).toEqual([
    400,
    expect.objectContaining({ path: "limit" }),
  ]);
});

test("reading changes nothing: neither jobs nor accounts", async () => {
  await prepare();
  const state = async () => {
    const lines = [];
    for await (const line of fleet.scheduler.exportState()) lines.push(line);
    return lines.slice(1).filter((line) => !line.includes('"kind":"end"'));
  };
  const before = await state();
  for (const name of names.filter((each) => contract[each].method === "GET"))
    await textOf(await call(correct(name).path));
  expect(await state()).toEqual(before);
});

test("no secret belongs in a URL", () => {
  for (const name of names) {
    const { path, query } = contract[name] as Route;
    const fields = [...path.matchAll(/\{(\w+)\}/g)]
      .map(([, field]) => field)
      .concat(Object.keys(query?.shape ?? {}));
    expect(
      fields.filter((field) => /pass|secret|code$|csrf|cookie|^token$/i.test(field ?? "")),
    ).toEqual([]);
  }
});

test("what is encoded is decoded once", async () => {
  const timing = { trigger: "cron", hour: 3 } as const;
  await fleet.scheduler.addJob(Report, { id: "a%2Fb", ...timing });
  await fleet.scheduler.addJob(Report, { id: "a/b", ...timing });
  for (const id of ["a%2Fb", "a/b"]) {
    const answer = await call(`/jobs/${encodeURIComponent(id)}`);
    expect(await answer.json()).toMatchObject({ id });
  }
  expect((await call("/jobs/a%25252Fb")).status).toBe(404);
});

test("what people write comes back as it was, in JSON and in the place of a new job", async () => {
  const text = "</script><!-- \" ' ` ${x} {{x}} é";
  const made = await call("/jobs", {
    method: "POST",
    body: JSON.stringify({
      pipeline: "report",
      id: "x/é",
      description: text,
      schedule: "every day at 9:00",
    }),
  });
  expect(await made.clone().json()).not.toHaveProperty("code");
  expect(made.headers.get("location")).toBe(`jobs/${encodeURIComponent("x/é")}`);
  expect(await made.json()).toMatchObject({ description: text });
});

test.each([
  "",
  "/",
  "/.git/config",
  "/.env",
  "/package.json",
  "/api/.git/HEAD",
  "/api/",
  "/api/docs/",
  "/api/openapi.json.bak",
  "/debug",
  "/admin",
  "/graphql",
  "/api/jobs/.git/config/x",
])("there is no file, list or door at %s", async (path) => {
  const headers = { authorization: `Bearer ${secret}` };
  const answer = await fleet.api.fetch(new Request(`https://jobs.example.com${path}`, { headers }));
  expect([answer.status, await answer.json()]).toEqual([
    404,
    expect.objectContaining({ code: "ROUTE_NOT_FOUND" }),
  ]);
});

describe("over TCP", () => {
  async function send(text: string): Promise<string> {
    const listener = toNodeListener(fleet.api);
    const server = createServer((request, response) => void listener(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      let all = "";
      socket.setEncoding("utf8").on("data", (part: string) => (all += part));
      socket.on("error", () => undefined).on("close", () => resolve(all));
      socket.write(text);
    });
    await new Promise((resolve) => server.close(resolve));
    return answer;
  }
  const to = (line: string, headers = "") =>
    `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${secret}\r\nConnection: close\r\n${headers}\r\n`;

  test("TRACE tells nothing back", async () => {
    const answer = await send(to("TRACE /api/jobs", "X-Canary: seen\r\n"));
    expect(answer).toMatch(/^HTTP\/1\.1 40[45]/);
    expect(answer).not.toMatch(/seen|Bearer cdt/);
  });

  test("no connection becomes a WebSocket, or HTTP/2", async () => {
    for (const upgrade of ["websocket", "h2c"]) {
      const headers = `Upgrade: ${upgrade}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n`;
      const answer = await send(
        to("GET /api/health/live", headers).replace(
          "Connection: close",
          "Connection: Upgrade, close",
        ),
      );
      expect(answer).not.toMatch(/^HTTP\/1\.1 101/);
    }
  });

  test.each([
    ["two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n"],
    ["a length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"],
    ["chunks of another kind", "Transfer-Encoding: chunked, identity\r\n"],
    ["a blank before the colon", "Transfer-Encoding : chunked\r\n"],
    ["a folded line", "X-A: b\r\n c: d\r\n"],
  ])("a message whose end is not clear is refused: %s", async (_, headers) => {
    const smuggled = "GET /api/users HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    const answer = await send(`${to("POST /api/session", headers)}0\r\n\r\n${smuggled}`);
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });
});
