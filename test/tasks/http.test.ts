import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AddressRules } from "../../src/tasks/http/address-rules.ts";
import { exchange } from "../../src/tasks/http/exchange.ts";
import { makeCertificate } from "../helpers/certificate.ts";
import { TaskFleet } from "./task-fleet.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;
interface Got {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

const SECRET = "t0ken-of-the-worker";
const folder = mkdtempSync(join(tmpdir(), "cronduit-http-"));
const certificate = makeCertificate(folder);
const got: Got[] = [];
let answer: Answer = () => undefined;
const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
  let body = "";
  request.setEncoding("utf8").on("data", (part: string) => (body += part));
  request.on("end", () => {
    const { method, url, headers } = request;
    got.push({ method, url, headers, body });
    answer(request, response, body);
  });
};
const plain = createServer(onRequest);
const other = createServer(onRequest);
const tls = createTlsServer(
  { cert: certificate.cert, key: readFileSync(certificate.keyFile) },
  onRequest,
);
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
let fleet: TaskFleet;
let strict: TaskFleet;
let base = "";

beforeAll(async () => {
  for (const server of [plain, other, tls])
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
  base = `http://127.0.0.1:${portOf(plain)}`;
  const origins = [base, `https://localhost:${portOf(tls)}`];
  fleet = await TaskFleet.open({
    environment: { API_TOKEN: SECRET, HOOK: `${base}/hook/${SECRET}`, BROKEN: "a\nb" },
    http: {
      allow: ["127.0.0.1", "localhost"],
      secrets: { "env:API_TOKEN": origins, "env:HOOK": origins, "env:BROKEN": origins },
      ca: certificate.cert,
    },
  });
  strict = await TaskFleet.open();
});

afterEach(() => {
  got.length = 0;
});

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await strict[Symbol.asyncDispose]();
  for (const server of [plain, other, tls]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  rmSync(folder, { recursive: true });
});

const text =
  (status: number, body = "", headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(status, { "content-type": "text/plain", ...headers }).end(body);
const to = (location: string, status = 302): Answer => text(status, "", { location });

test("sends a request, and keeps status and body", async () => {
  answer = text(201, "made\nit", {});
  const run = await fleet.run("http", {
    url: `${base}/items?x=1`,
    json: { a: [1] },
    headers: { "X-Mine": "yes" },
    runHeaders: true,
  });
  expect(run.error).toBeUndefined();
  expect(run.result).toEqual({ success: true, status: 201, redirects: 0, bodyBytes: 7 });
  expect(await fleet.lines(run)).toEqual(["output made", "output it"]);
  expect(got).toMatchObject([
    {
      method: "POST",
      url: "/items?x=1",
      body: '{"a":[1]}',
      headers: {
        "content-type": "application/json",
        "content-length": "9",
        "x-mine": "yes",
        "x-cronduit-run-id": encodeURIComponent(run.id),
        "x-cronduit-fire-time": run.fireTime.toISOString(),
      },
    },
  ]);
});

test.each([
  { status: 404, more: {}, verdict: "failed", attempt: 2 },
  { status: 404, more: { expectStatus: [200, 404] }, verdict: "succeeded", attempt: 1 },
  { status: 200, more: { expectStatus: [204] }, verdict: "failed", attempt: 2 },
  { status: 404, more: { retryStatus: [429, "5xx"] }, verdict: "failed", attempt: 1 },
  { status: 503, more: { retryStatus: [429, "5xx"] }, verdict: "failed", attempt: 2 },
  {
    status: 302,
    more: { maxRedirects: 0, expectStatus: ["3xx"] },
    verdict: "succeeded",
    attempt: 1,
  },
])("status $status with $more: $verdict", async ({ status, more, verdict, attempt }) => {
  answer = text(status, "said", { location: "/else" });
  const retry = { attempts: 2, delay: "1ms" };
  const run = await fleet.run("http", { url: base, ...more }, { retry });
  expect(run).toMatchObject({ verdict, attempt, result: { status } });
  expect(run.error?.code).toBe(verdict === "failed" ? "UNEXPECTED_STATUS" : undefined);
  expect(got.every(({ method }) => method === "GET")).toBe(true);
});

describe("where it may connect", () => {
  test.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://localhost/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://[fd00:ec2::254]/",
  ])("not to %s", async (given) => {
    const retry = { attempts: 3, delay: "1ms" };
    // The server is there, and would be heard of.
    const url = given.replace(/\/(?=$|latest)/, `:${portOf(plain)}/`);
    const run = await strict.run("http", { url }, { retry });
    expect(run).toMatchObject({ attempt: 1, error: { code: "ADDRESS_NOT_ALLOWED" } });
    expect(run.error?.message).toContain("http.allow");
    expect(got).toEqual([]);
  });

  test("a redirect is followed by the same rule", async () => {
    answer = to(`http://127.0.0.2:${portOf(plain)}/`);
    const run = await fleet.run("http", { url: base });
    expect(run.error?.code).toBe("ADDRESS_NOT_ALLOWED");
    expect(got).toHaveLength(1);
  });

  test("a name is resolved once, and only a checked address is connected to", async () => {
    const asked: string[] = [];
    const answers = [["10.0.0.1", "127.0.0.1"], ["10.0.0.2"]];
    answer = text(200, "here");
    const response = await exchange(
      {
        url: new URL(`http://rebinding.example:${portOf(plain)}/`),
        method: "GET",
        headers: {},
        secretHeaders: {},
        body: undefined,
      },
      {
        rules: new AddressRules(["127.0.0.1"]),
        resolve: async (name) => {
          asked.push(name);
          return (answers[asked.length - 1] ?? []).map((address) => ({ address, family: 4 }));
        },
        ca: undefined,
        signal: AbortSignal.timeout(20_000),
      },
    );
    const { remoteAddress } = response.socket;
    response.destroy();
    expect(remoteAddress).toBe("127.0.0.1");
    expect([asked, got[0]?.headers.host]).toEqual([
      ["rebinding.example"],
      `rebinding.example:${portOf(plain)}`,
    ]);
  });
});

describe("redirects", () => {
  test("are followed as browsers do: 303 becomes GET, 307 stays what it was", async () => {
    answer = (request, response) => {
      const next: Record<string, Answer> = {
        "/a": to("/b", 307),
        "/b": to(`http://localhost:${portOf(plain)}/c`, 303),
        "/c": text(200, "end"),
      };
      next[request.url ?? ""]?.(request, response, "");
    };
    const run = await fleet.run("http", { url: `${base}/a`, method: "PUT", body: "text" });
    expect(run.result).toMatchObject({ status: 200, redirects: 2 });
    expect(got.map(({ method, url, body }) => `${method} ${url} ${body}`)).toEqual([
      "PUT /a text",
      "PUT /b text",
      "GET /c ",
    ]);
  });

  test("end after as many as were allowed", async () => {
    answer = to("/again");
    const run = await fleet.run("http", { url: base, maxRedirects: 3 });
    expect(run.error).toMatchObject({ code: "REQUEST_FAILED" });
    expect(run.error?.message).toContain("again after 3 redirects");
    expect(got).toHaveLength(4);
  });

  test.each([
    ["file:///etc/passwd", /begins with file:/],
    ["http://[", /no URL/],
    [`http://user:password@localhost/`, /a URL with a password/],
  ])("to %s are refused", async (location, message) => {
    answer = to(location);
    const run = await fleet.run("http", { url: base });
    expect(run.error?.code).toBe("REQUEST_FAILED");
    expect(run.error?.message).toMatch(message);
  });

  test("never leave encryption", async () => {
    answer = to(`${base}/plain`);
    const run = await fleet.run("http", { url: `https://localhost:${portOf(tls)}/` });
    expect(run.error?.message).toContain("http:, without encryption");
    expect(got).toHaveLength(1);
  });
});

describe("secrets", () => {
  const secretHeaders = { authorization: "Bearer env:API_TOKEN" };

  test("go where they may, are masked in the answer, and do not follow to another origin", async () => {
    answer = (request, response) =>
      request.url === "/"
        ? to(`http://localhost:${portOf(other)}/other`)(request, response, "")
        : text(200, `you sent ${SECRET}`)(request, response, "");
    const params = { url: `${base}/`, secretHeaders, headers: { "x-open": "1" } };
    const run = await fleet.run("http", params);
    expect(run.verdict).toBe("succeeded");
    expect(got.map(({ headers }) => [headers.authorization, headers["x-open"]])).toEqual([
      [`Bearer ${SECRET}`, "1"],
      [undefined, "1"],
    ]);
    expect(await fleet.lines(run)).toContain("output you sent [secret]");
  });

  test("a URL may be one, and is told nowhere", async () => {
    answer = text(500, "no");
    const run = await fleet.run("http", { url: "env:HOOK", body: "x" });
    expect(got[0]?.url).toBe(`/hook/${SECRET}`);
    expect(run.error?.code).toBe("UNEXPECTED_STATUS");
    expect(JSON.stringify([run, await fleet.scheduler.getJob(run.jobId)])).not.toContain(SECRET);
  });

  test.each([
    ["env:API_TOKEN", () => `http://localhost:${portOf(other)}/`, /may not be sent to http/],
    ["env:HOME", () => base, /may not use it/],
    ["env:BROKEN", () => base, /line break/],
  ])("%s is not sent", async (reference, url, message) => {
    const run = await fleet.run("http", { url: url(), secretHeaders: { "x-token": reference } });
    expect(run.error?.code).toBe("SECRET_UNAVAILABLE");
    expect(run.error?.message).toMatch(message);
    expect(got).toEqual([]);
  });
});

test("speaks TLS to a name whose certificate is trusted, and to no other", async () => {
  answer = text(200, "hello");
  const url = `https://localhost:${portOf(tls)}/`;
  expect((await fleet.run("http", { url })).verdict).toBe("succeeded");
  await using untrusting = await TaskFleet.open({ http: { allow: ["localhost"] } });
  const run = await untrusting.run("http", { url });
  expect(run.error?.code).toBe("REQUEST_FAILED");
  expect(run.error?.message).toContain("self-signed certificate");
});

test("a large answer is kept in part; what is no text is only counted", async () => {
  answer = text(200, Array.from({ length: 3_000 }, (_, i) => `row ${i}`).join("\n"));
  const run = await fleet.run("http", { url: base, maxOutputBytes: 4_096 });
  const lines = await fleet.lines(run);
  expect([lines[0], lines.at(-1)]).toEqual(["output row 0", "output row 2999"]);
  expect(lines.length).toBeLessThan(70);
  expect(lines.filter((line) => line.includes("left out here"))).toHaveLength(1);
  answer = (_request, response) =>
    void response.writeHead(200, { "content-type": "image/png" }).end(Buffer.alloc(5_000, 0xff));
  const image = await fleet.run("http", { url: base });
  expect(await fleet.lines(image)).toEqual(["output (5000 bytes of image/png)"]);
});

test("an answer without end is left after 16 MiB", async () => {
  answer = (_request, response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    const part = `${"x".repeat(99)}\n`.repeat(10_000);
    const more = (): void => {
      while (!response.destroyed && response.write(part));
    };
    response.on("drain", more);
    more();
  };
  const run = await fleet.run("http", { url: base });
  expect(run.verdict).toBe("succeeded");
  const { bodyBytes } = run.result as { bodyBytes: number };
  expect(bodyBytes).toBeGreaterThanOrEqual(16 * 1024 * 1024);
  expect(bodyBytes).toBeLessThan(20 * 1024 * 1024);
});

test.each<[string, Answer]>([
  ["no answer", () => undefined],
  ["no end of the body", (_request, response) => void response.write("begun\n")],
])("its timeout ends: %s", async (_name, act) => {
  answer = act;
  const run = await fleet.run("http", { url: base, timeout: "300ms" });
  expect(run.error).toMatchObject({
    code: "TASK_TIMED_OUT",
    message: "The request took longer than 300ms.",
  });
});

test("a cancelled run ends its request", async () => {
  answer = () => undefined;
  const runId = await fleet.scheduler.runJob(await fleet.add("http", { url: base }));
  await expect.poll(() => got.length, { timeout: 20_000 }).toBe(1);
  await fleet.scheduler.cancelRun(runId);
  expect(await fleet.fleet.ended(runId)).toMatchObject({ verdict: "cancelled" });
});

test.each<[string, Answer]>([
  ["a connection that is cut", (request) => void request.socket.destroy()],
  [
    "an answer that is cut",
    (request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("part", () => request.socket.destroy());
    },
  ],
])("fails by %s", async (_name, act) => {
  answer = act;
  const run = await fleet.run("http", { url: base });
  expect(run.error?.code).toBe("REQUEST_FAILED");
});

test("nobody listens, and nobody has that name", async () => {
  const closed = await fleet.run("http", { url: "http://127.0.0.1:1/" });
  expect(closed.error?.message).toContain("127.0.0.1:1 did not answer the request: connect ECONN");
  const unknown = await fleet.run("http", { url: "http://no-such-host.invalid/" });
  expect(unknown.error?.code).toBe("REQUEST_FAILED");
});

test.each([
  [{ url: "ftp://x" }, /url: must begin with http/],
  [{ url: "no url" }, /url: is no URL/],
  [{ url: "http://u:p@x/" }, /url: has a user name or password/],
  [{ url: "http://x", headers: { Authorization: "Bearer x" } }, /Write secretHeaders/],
  [{ url: "http://x", headers: { Host: "y" } }, /the connection sets by itself/],
  [{ url: "http://x", headers: { "a b": "y" } }, /no name of a header/],
  [{ url: "http://x", headers: { a: "y\r\nb: c" } }, /no value of a header/],
  [{ url: "http://x", secretHeaders: { a: "Bearer abc" } }, /no reference to a secret/],
  [{ url: "http://x", method: "GET", body: "x" }, /method: has no body/],
  [{ url: "http://x", body: "x", json: 1 }, /json: stands beside body/],
  [{ url: "http://x", expectStatus: ["20x"] }, /must be a status such as 204/],
  [{ url: "http://x", maxRedirects: 11 }, /maxRedirects/],
])("params %j are refused when the job is added", async (params, message) => {
  await expect(fleet.add("http", params)).rejects.toMatchObject({
    code: "INVALID_PARAMS",
    message: expect.stringMatching(message) as string,
  });
});
