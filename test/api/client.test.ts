import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiError } from "../../src/api/client/api-error.ts";
import { type Client, createClient } from "../../src/api/client/create-client.ts";
import { overSocket } from "../../src/api/client/over-socket.ts";
import { createApi } from "../../src/api/create-api.ts";
import { toNodeListener } from "../../src/api/edge/node-listener.ts";
import { silentLogger } from "../../src/core/log.ts";
import { defineJob } from "../../src/pipeline/define-job.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";

const Report = defineJob({ name: "report", run: async () => undefined });
const scheduler = new PipelineScheduler({
  connection: "memory:",
  pipelines: [Report],
  logger: silentLogger,
});
const local = createApi({ scheduler }).as({ kind: "cli", id: "ana" });
const folder = mkdtempSync(join(tmpdir(), "cronduit-socket-"));
const socket = join(folder, "s");
const servers: Server[] = [];
const ODD = ["a/b c", "100%", "with#hash", "über", "a?b=c&d".replaceAll(/[?&]/g, "+"), "x:1"];

/** Serves those who may do anything: this is not how to serve over TCP. */
async function listen(at: { path: string } | { host: string; port: number }): Promise<Server> {
  const listener = toNodeListener(local);
  const server = createServer((request, response) => void listener(request, response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(at, resolve));
  return server;
}

let over: Record<"a handler" | "TCP" | "a Unix socket", Client>;

beforeAll(async () => {
  for (const id of ODD) await scheduler.addJob(Report, { id, trigger: "interval", hours: 1 });
  const tcp = await listen({ host: "127.0.0.1", port: 0 });
  await listen({ path: socket });
  const { port } = tcp.address() as AddressInfo;
  over = {
    "a handler": createClient({ url: "http://localhost/api", fetch: local.fetch }),
    TCP: createClient({ url: `http://127.0.0.1:${port}/api/` }),
    "a Unix socket": createClient({ url: "http://localhost/api", fetch: overSocket(socket) }),
  };
});

afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await scheduler.shutdown();
  rmSync(folder, { recursive: true });
});

describe.each(["a handler", "TCP", "a Unix socket"] as const)("over %s", (way) => {
  test("it lists and reads", async () => {
    const client = over[way];
    const { items } = await client.listJobs({ query: { order: "id", state: ["active"] } });
    expect(items.map(({ id }) => id).toSorted()).toEqual([...ODD].toSorted());
    for (const jobId of ODD) expect((await client.getJob({ path: { jobId } })).id).toBe(jobId);
    expect(await client.live()).toEqual({ status: "live" });
  });

  test("what is refused is thrown, with its code", async () => {
    const refused = over[way].getJob({ path: { jobId: "nope" } });
    await expect(refused).rejects.toThrow(ApiError);
    await expect(refused).rejects.toMatchObject({ code: "JOB_NOT_FOUND", status: 404 });
    await expect(over[way].listJobs({ query: { limit: 0 } })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      problem: { path: "limit" },
    });
  });

  test("a page is passed on as it came", async () => {
    const page = await over[way].docs();
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    expect(await page.text()).toContain("cronduit API");
  });

  test("an aborted call ends", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(over[way].listJobs({ signal })).rejects.toThrow(/enough|aborted/);
  });
});

test("something else that answers is told as that", async () => {
  const client = createClient({
    url: "http://localhost/api",
    fetch: async () => new Response("<html>Bad Gateway", { status: 502 }),
  });
  await expect(client.live()).rejects.toMatchObject({ code: "UNKNOWN_ANSWER", status: 502 });
});

test("nobody listens: the error of Node.js", async () => {
  const client = createClient({ url: "http://localhost/api", fetch: overSocket(`${socket}x`) });
  await expect(client.live()).rejects.toMatchObject({ code: "ENOENT" });
});
