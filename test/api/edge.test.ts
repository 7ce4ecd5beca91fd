import { afterAll, describe, expect, test } from "vitest";
import type { ApiOptions } from "../../src/api/api-options.ts";
import type { Peer } from "../../src/api/caller.ts";
import { createApi } from "../../src/api/create-api.ts";
import { silentLogger } from "../../src/core/log.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";

const scheduler = new PipelineScheduler({ connection: "memory:", logger: silentLogger });

afterAll(async () => {
  await scheduler.shutdown();
});

/** Asks whether the server lives, which anybody may. */
function asker(options: Partial<ApiOptions> = {}) {
  const api = createApi({ scheduler, ...options });
  return async (
    url: string,
    headers: Readonly<Record<string, string>> = {},
    peer: Peer = { address: "192.0.2.1" },
    method = "GET",
  ) => {
    const answer = await api.fetch(new Request(url, { headers, method }), peer);
    const text = await answer.text();
    const { code } = (text === "" ? {} : JSON.parse(text)) as { code?: string };
    return { status: answer.status, headers: answer.headers, code };
  };
}

const LIVE = "http://127.0.0.1:3000/api/health/live";

describe("names", () => {
  const ask = asker({ publicUrl: "https://jobs.example.com", auth: {} });

  test.each([
    "http://127.0.0.1:3000",
    "http://localhost",
    "http://[::1]:80",
    "https://jobs.example.com",
  ])("%s is its own", async (origin) => {
    expect(await ask(`${origin}/api/health/live`)).toMatchObject({ status: 200 });
  });

  test.each([
    "http://evil.example",
    "http://jobs.example.com.evil.example",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "http://128.0.0.1",
    "http://0.0.0.0",
  ])("%s is not", async (origin) => {
    expect(await ask(`${origin}/api/health/live`)).toMatchObject({
      status: 421,
      code: "HOST_NOT_ALLOWED",
    });
  });

  test("by the public one everybody comes encrypted, or through a proxy of ours", async () => {
    const clear = "http://jobs.example.com:8080/api/health/live";
    const refused = { status: 403, code: "ENCRYPTION_REQUIRED" };
    expect(await ask(clear)).toMatchObject(refused);
    expect(await ask(clear, { "x-forwarded-proto": "https" })).toMatchObject(refused);
    for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1", undefined])
      expect(await ask(clear, {}, { address })).toMatchObject({ status: 200 });
    const behind = asker({
      publicUrl: "https://jobs.example.com",
      auth: {},
      trustProxy: ["10.0.0.0/8"],
    });
    const proxy = { address: "10.0.0.1" };
    expect(await behind(clear, {}, proxy)).toMatchObject({ status: 200 });
    expect(await behind(clear, { "x-forwarded-proto": "https" }, proxy)).toMatchObject({
      status: 200,
    });
    expect(await behind(clear, { "x-forwarded-proto": "http" }, proxy)).toMatchObject(refused);
    expect(await behind(clear, { "x-forwarded-proto": "HTTP" }, proxy)).toMatchObject(refused);
    expect(await behind(clear, {}, { address: "192.0.2.1" })).toMatchObject(refused);
  });

  test("the header Host must be one, too", async () => {
    expect(await ask(LIVE, { host: "evil.example" })).toMatchObject({ status: 421 });
    expect(await ask(LIVE, { host: "a b" })).toMatchObject({ status: 421 });
  });
});

describe("pages of other sites", () => {
  const ask = asker({
    auth: {},
    publicUrl: "https://jobs.example.com",
    cors: { origins: ["https://ops.example.com"] },
  });

  test.each(["https://jobs.example.com", "https://ops.example.com", "http://127.0.0.1:3000"])(
    "%s may call",
    async (origin) => {
      expect(await ask(LIVE, { origin })).toMatchObject({ status: 200 });
    },
  );

  test.each([
    "null",
    "https://evil.example",
    "http://jobs.example.com",
    "http://127.0.0.1:3001",
    "https://ops.example.com.evil.example",
    "",
  ])("%j may not", async (origin) => {
    expect(await ask(LIVE, { origin })).toMatchObject({ status: 403, code: "ORIGIN_NOT_ALLOWED" });
  });

  test("a page that may call is told so before, and may read no cookie's answer", async () => {
    const { status, headers } = await ask(
      LIVE,
      { origin: "https://ops.example.com", "access-control-request-method": "PATCH" },
      {},
      "OPTIONS",
    );
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe("https://ops.example.com");
    expect(headers.get("access-control-allow-methods")).toContain("PATCH");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
  });

  test("without the option none is", async () => {
    const { headers } = await asker()(LIVE, { origin: "http://127.0.0.1:3000" });
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });
});

test("every answer says what a browser must not do with it, errors too", async () => {
  const ask = asker({ publicUrl: "https://jobs.example.com", auth: {} });
  for (const path of ["health/live", "nope", "jobs"]) {
    const { headers } = await ask(`https://jobs.example.com/api/${path}`);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-security-policy": expect.stringContaining("default-src 'none'") as string,
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "strict-transport-security": expect.stringContaining("max-age=") as string,
    });
  }
});

describe("how often", () => {
  const requestsPerMinute = { address: 3, caller: 3, refused: 3 };

  test("an address may send so many at once, and is then told when to come back", async () => {
    const ask = asker({ limits: { requestsPerMinute } });
    for (const remaining of [2, 1, 0]) {
      const { status, headers } = await ask(LIVE);
      expect(status).toBe(200);
      expect(headers.get("ratelimit")).toMatch(new RegExp(`r=${remaining};`));
      expect(headers.get("ratelimit-policy")).toBe('"minute";q=3;w=60');
    }
    const { status, code, headers } = await ask(LIVE);
    expect({ status, code }).toEqual({ status: 429, code: "RATE_LIMITED" });
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await ask(LIVE, {}, { address: "192.0.2.2" })).toMatchObject({ status: 200 });
  });

  test("who can change the end of an IPv6 address is still one caller", async () => {
    const ask = asker({ limits: { requestsPerMinute } });
    const statuses = [];
    for (const end of ["1", "2", "3", "4"])
      statuses.push((await ask(LIVE, {}, { address: `2001:db8:1:2::${end}` })).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await ask(LIVE, {}, { address: "2001:db8:1:3::1" })).status).toBe(200);
    expect((await ask(LIVE, {}, { address: "::ffff:192.0.2.9" })).status).toBe(200);
  });

  test("what says where it was forwarded from is believed of proxies only", async () => {
    const ask = asker({ limits: { requestsPerMinute }, trustProxy: ["10.0.0.0/8", "::1"] });
    const status = async (forwarded: string, address: string) =>
      (await ask(LIVE, { "x-forwarded-for": forwarded }, { address })).status;
    // Not by a proxy: one caller, whatever it claims.
    for (const n of [1, 2, 3]) expect(await status(`198.51.100.${n}`, "192.0.2.3")).toBe(200);
    expect(await status("198.51.100.4", "192.0.2.3")).toBe(429);
    // Through two proxies; what the caller itself wrote before that does not count.
    for (const n of [1, 2, 3])
      expect(await status(`203.0.113.${n}, 198.51.100.7, 10.1.1.1`, "10.0.0.1")).toBe(200);
    expect(await status("203.0.113.9, 198.51.100.7", "10.0.0.2")).toBe(429);
    expect(await status("203.0.113.9, 198.51.100.8", "10.0.0.2")).toBe(200);
  });
});

test("a URL that is too long is refused", async () => {
  expect(await asker()(`${LIVE}?${"x".repeat(9_000)}`)).toMatchObject({
    status: 400,
    code: "INVALID_REQUEST",
  });
});

test.each([
  { publicUrl: "jobs.example.com" },
  { publicUrl: "https://jobs.example.com/path" },
  { publicUrl: "https://ana:secret@jobs.example.com" },
  { publicUrl: "ftp://jobs.example.com" },
  { trustProxy: ["10.0.0.0/99"] },
  { trustProxy: ["proxy"] },
  { cors: { origins: ["https://ops.example.com/"] } },
  { cors: { origins: ["*"] } },
  { basePath: "api" },
  { basePath: "/api/" },
  { limits: { requestsPerMinute: { address: 0 } } },
])("%j is refused", (options) => {
  expect(() => createApi({ scheduler, ...options })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION" }),
  );
});
