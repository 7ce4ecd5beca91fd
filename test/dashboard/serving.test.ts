// The dashboard over HTTP, without a browser: pages, files, what is refused.
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, expect, inject, test } from "vitest";
import type { ApiOptions } from "../../src/api/api-options.ts";
import { createApi } from "../../src/api/create-api.ts";
import { toNodeListener } from "../../src/api/edge/node-listener.ts";
import { silentLogger } from "../../src/core/log.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";

const files = inject("dashboardFiles");
const scheduler = new PipelineScheduler({ connection: "memory:", logger: silentLogger });
afterAll(() => scheduler.shutdown());

const apiWith = (options: Partial<ApiOptions> = {}) =>
  createApi({ scheduler, auth: {}, dashboard: { files }, ...options });
const get = (api: ReturnType<typeof apiWith>, path: string, headers: Record<string, string> = {}) =>
  api.fetch(new Request(`http://127.0.0.1${path}`, { headers }), { address: "127.0.0.1" });

/** Names of the files beside the page, as they are asked for without compression. */
const names = readdirSync(join(files, "assets")).filter((name) => !/\.(?:br|gz)$/.test(name));

test.each([
  ["/", "./"],
  ["/jobs", "./"],
  ["/job/nightly", "../"],
  ["/job/a%2Fb", "../"],
  ["/job/billing/nightly", "../../"],
  ["/run/x%3A1?from=2026", "../"],
])("the address %s has the page, which looks for its files at %s", async (path, base) => {
  const answer = await get(apiWith(), path);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const html = await answer.text();
  expect(html).toContain(`<base href="${base}"><meta name="cronduit-api" content="api">`);
  expect(html).not.toMatch(/(?:src|href)="\/|https?:|<style|<script>|\sstyle=|\son\w+=/);
});

test("its policy allows its own files and nothing that stands in the page", async () => {
  const { headers } = await get(apiWith(), "/");
  const policy = headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(policy).not.toMatch(/unsafe|data:|\*|https?:/);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("x-frame-options")).toBe("DENY");
});

test("its files keep for good, and come compressed to who takes that", async () => {
  const api = apiWith();
  for (const name of names) {
    const plain = await get(api, `/assets/${name}`);
    expect(plain.status).toBe(200);
    expect(name).toMatch(/-[\w-]{8}\.\w+$/);
    expect(plain.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const text = Buffer.from(await plain.arrayBuffer());
    for (const [encoding, unpack] of [
      ["br", brotliDecompressSync],
      ["gzip", gunzipSync],
    ] as const) {
      const packed = await get(api, `/assets/${name}`, { "accept-encoding": encoding });
      expect(packed.headers.get("vary")).toBe("accept-encoding");
      const body = Buffer.from(await packed.arrayBuffer());
      const isPacked = packed.headers.get("content-encoding") === encoding;
      expect(isPacked || text.length < 512).toBe(true);
      expect((isPacked ? unpack(body) : body).equals(text)).toBe(true);
    }
  }
  const best = names.find((name) => name.endsWith(".css"));
  const { headers } = await get(api, `/assets/${best}`, { "accept-encoding": "gzip, deflate, br" });
  expect(headers.get("content-encoding")).toBe("br");
});

test("no path leads out of its folder, or to a file that is not served by its name", async () => {
  const api = apiWith();
  const server = createServer((request, response) => void toNodeListener(api)(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  /** As it stands: clients that build URLs would take the dots away. */
  const raw = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      let text = "";
      socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
      socket.on("end", () => resolve(text)).on("error", reject);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
    });
  try {
    for (const path of [
      "/assets/../index.html",
      "/assets/%2e%2e/index.html",
      "/assets/..%2findex.html",
      "/assets/..%5cindex.html",
      "/assets/%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
      "/assets/../../../../etc/passwd",
      "/assets/....//....//etc/passwd",
      "/assets//etc/passwd",
      `/assets/${names[0]}.gz`,
      `/assets/${names[0]}%00.js`,
      "/assets/",
      "/assets/__proto__",
      "/assets/nothing.js",
      "/index.html",
      "/package.json",
    ]) {
      const text = await raw(path);
      expect(text).toMatch(/^HTTP\/1\.1 (?:404|400)/);
      expect(text).not.toContain("root:");
    }
  } finally {
    server.close();
  }
});

test("what is not the dashboard's stays what it was", async () => {
  const api = apiWith();
  for (const path of ["/api/nothing", "/nothing", "/apiary", "/joby"]) {
    const answer = await get(api, path);
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  }
  expect((await get(api, "/api/jobs")).status).toBe(401);
  expect((await get(apiWith({ dashboard: false }), "/")).status).toBe(404);
  expect((await get(createApi({ scheduler }), "/jobs")).status).toBe(404);
});

test.each([
  [{ basePath: "/cron/api" }, "/cron/job/x", "../", "api"],
  [{ basePath: "/api", dashboard: { files, path: "/ops" } }, "/ops/job/x", "../", "../api"],
  [{ basePath: "", dashboard: { files, path: "/ops" } }, "/ops/jobs", "./", "../"],
] as const)("with %j it is at %s", async (options, path, base, place) => {
  const html = await (await get(apiWith(options), path)).text();
  expect(html).toContain(`<base href="${base}"><meta name="cronduit-api" content="${place}">`);
});

test("its path without a slash leads to the one with it, whatever a proxy puts before", async () => {
  const answer = await get(apiWith({ basePath: "/cron/api" }), "/cron");
  expect(answer.status).toBe(308);
  expect(answer.headers.get("location")).toBe("cron/");
});

test.each([
  [{ dashboard: { files: "/nowhere" } }, "dashboard.files", "there is no built dashboard"],
  [{ basePath: "" }, "dashboard.path", "is missing"],
  [{ dashboard: { files, path: "/api" } }, "dashboard.path", "is a path of the API"],
  [{ dashboard: { files, path: "/api/ui" } }, "dashboard.path", "is a path of the API"],
  [{ basePath: "", dashboard: { files, path: "/jobs" } }, "dashboard.path", "is a path of the API"],
  [{ dashboard: { files, path: "ops/" } }, "dashboard.path", "must be like"],
  [{ only: "machines" }, "dashboard", "has no API to show"],
] as const)("%j is refused", (options, path, message) => {
  const act = () => apiWith(options);
  expect(act).toThrow(message);
  expect(act).toThrow(expect.objectContaining({ code: "INVALID_OPTION", data: { path } }));
});
