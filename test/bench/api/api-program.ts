// Serves the HTTP API of a fleet, and beside it a plain Hono handler, see api.bench.ts.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { z } from "zod";
import type * as ApiPackage from "../../../src/api.ts";
import type * as Package from "../../../src/index.ts";
import { answerCalls } from "../measure/called-program.ts";
import { type Asked, REQUESTS, type RequestName, requestAt, type Stored } from "./requests.ts";
import { type Timed, timeCalls } from "./timed.ts";

const BASE = "/api";
const MOST = 10_000_000;
const ADDRESS = "127.0.0.1";

/** Where this program finds its fleet. */
export interface ApiPlace {
  readonly connection: string;
  readonly prefix: string;
  readonly stored: Stored;
}

/** Who answers in this process. */
export type Inside = "api.fetch" | "scheduler";

/** Where it listens, and with what a client comes. */
export interface Served {
  readonly api: string;
  readonly plain: string;
  readonly token: string;
}

type Listener = ReturnType<typeof toNodeListener>;

/** What this program can be told to do. */
export interface ApiCalls {
  serve(): Promise<Served>;
  /** Calls without a network. */
  inside(call: {
    readonly who: Inside;
    readonly asked: Asked;
    readonly seconds: number;
    readonly atOnce: number;
  }): Promise<Timed>;
  begin(): Promise<void>;
  /** @returns microseconds of processor time since `begin` */
  end(): Promise<number>;
}

const { connection, prefix, stored } = JSON.parse(process.argv[2] ?? "{}") as ApiPlace;
const load = async <T>(name: string): Promise<T> =>
  (await import(new URL(`../../../dist/${name}.js`, import.meta.url).href)) as T;
const { PipelineScheduler, defineJob } = await load<typeof Package>("index");
const { createApi, toNodeListener } = await load<typeof ApiPackage>("api");

const logger = { debug: ignore, info: ignore, warn: console.error, error: console.error };
const params = z.object({ region: z.string(), customer: z.number() });
const pipelines = Array.from({ length: 20 }, (_, i) =>
  defineJob({ name: `Report${i}`, params, run: ignore }),
);
const scheduler = new PipelineScheduler({ connection, prefix, pipelines, logger, worker: false });
const api = createApi({
  scheduler,
  basePath: BASE,
  auth: {},
  limits: { requestsPerMinute: { address: MOST, caller: MOST } },
});
const local = api.as({ kind: "cli", id: "bench" });
let token = "";
let began = process.cpuUsage();

function ignore(): void {}

async function listen(listener: Listener): Promise<string> {
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
  return `http://${ADDRESS}:${(server.address() as AddressInfo).port}`;
}

async function post(path: string, body: object): Promise<Record<string, unknown>> {
  const answer = await local.fetch(
    new Request(`http://localhost${BASE}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Record<string, unknown>;
}

/** Answers each path with a constant of the size that the API's answer has. */
async function plain(): Promise<Hono> {
  const app = new Hono();
  const bodies = new Map<RequestName, unknown>();
  for (const [name, { path }] of Object.entries(REQUESTS)) {
    const answer = await local.fetch(new Request(`http://localhost${BASE}${path(stored, 0)}`));
    if (answer.status !== 200) throw new Error(`${name}: ${await answer.text()}`);
    bodies.set(name as RequestName, await answer.json());
  }
  const answerOf = (name: RequestName) => bodies.get(name) as object;
  app.get(`${BASE}/jobs/:id`, (context) => context.json(answerOf("one job")));
  app.get(`${BASE}/jobs/:id/explain`, (context) => context.json(answerOf("explain")));
  app.get(`${BASE}/jobs/:id/runs`, (context) => context.json(answerOf("runs of a job, page 1")));
  app.get(`${BASE}/jobs`, (context) =>
    context.json(
      answerOf(context.req.query("text") === undefined ? "a list of 100" : "text that no job has"),
    ),
  );
  return app;
}
async function fetchInside(path: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const request = new Request(`http://localhost${BASE}${path}`, { headers });
  const answer = await api.fetch(request, { address: ADDRESS });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}`);
}

answerCalls<ApiCalls>({
  serve: async () => {
    await post("/users", { id: "bench", role: "admin" });
    const made = await post("/tokens", { user: "bench", name: "bench", role: "admin" });
    token = z.string().parse(made["secret"]);
    const app = await plain();
    return {
      api: `${await listen(toNodeListener(api))}${BASE}`,
      plain: `${await listen(getRequestListener(app.fetch, { overrideGlobalObjects: false }))}${BASE}`,
      token,
    };
  },
  inside: ({ who, asked, seconds, atOnce }) =>
    timeCalls({ seconds, atOnce }, async (n) => {
      const { path, direct } = REQUESTS[requestAt(asked, n)];
      if (who === "scheduler") await direct(scheduler, stored, n);
      else await fetchInside(path(stored, n));
    }),
  begin: async () => {
    began = process.cpuUsage();
  },
  end: async () => {
    const { user, system } = process.cpuUsage(began);
    return user + system;
  },
});
