// Serves event streams, see streams.bench.ts: those of the HTTP API, or those of a plain Hono handler.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type * as ApiPackage from "../../../src/api.ts";
import type * as Package from "../../../src/index.ts";
import { answerCalls } from "../measure/called-program.ts";
import { type ServedStreams, serveStreams, type StreamPlace } from "./serve-streams.ts";

/** What this program can be told to do. */
export interface StreamsCalls {
  serve(): Promise<ServedStreams>;
  servePlain(): Promise<ServedStreams>;
  /** Writes a message to every stream of the plain handler. */
  write(message: { readonly event?: string; readonly data: string }): Promise<void>;
  begin(): Promise<void>;
  /** @returns milliseconds of processor time in each second since `begin` */
  end(): Promise<number>;
}

const place = JSON.parse(process.argv[2] ?? "{}") as StreamPlace;
const load = async <T>(name: string): Promise<T> =>
  (await import(new URL(`../../../dist/${name}.js`, import.meta.url).href)) as T;

const open = new Set<SSEStreamingApi>();
let began = { at: performance.now(), cpu: process.cpuUsage() };
let written = 0;

answerCalls<StreamsCalls>({
  serve: async () => {
    const { PipelineScheduler } = await load<typeof Package>("index");
    const { createApi, toNodeListener } = await load<typeof ApiPackage>("api");
    return serveStreams({ PipelineScheduler, createApi, toNodeListener }, place);
  },
  servePlain: async () => {
    const app = new Hono().get("/api/events", (context) =>
      streamSSE(context, async (stream) => {
        open.add(stream);
        await stream.writeSSE({ id: "0", data: "{}", retry: 2_000 });
        await new Promise<void>((resolve) => stream.onAbort(resolve));
        open.delete(stream);
      }),
    );
    const fetch = getRequestListener((request, env) => app.fetch(request, env), {
      overrideGlobalObjects: false,
    });
    const server = createServer((request, response) => void fetch(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { port: (server.address() as AddressInfo).port, token: "none" };
  },
  write: async (message) => {
    written += 1;
    const id = String(written);
    for (const stream of open) void stream.writeSSE({ id, ...message });
  },
  begin: async () => {
    began = { at: performance.now(), cpu: process.cpuUsage() };
  },
  end: async () => {
    const { user, system } = process.cpuUsage(began.cpu);
    return (user + system) / (performance.now() - began.at);
  },
});
