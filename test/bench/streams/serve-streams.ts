import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import type * as ApiPackage from "../../../src/api.ts";
import type * as Package from "../../../src/index.ts";

const ADDRESS = "127.0.0.1";
const MOST = 10_000_000;
const STREAMS = 100_000;

/** Where the API of a fleet is served. */
export interface StreamPlace {
  readonly connection: string;
  readonly prefix: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** Where it listens, and with what a client comes. */
export interface ServedStreams {
  readonly port: number;
  /** That of an administrator. */
  readonly token: string;
}

/** What of the package is needed: as it is published, or as it is in `src`. */
export type Parts = Pick<typeof Package, "PipelineScheduler"> &
  Pick<typeof ApiPackage, "createApi" | "toNodeListener">;

/** Serves the API of a fleet to as many streams as come. */
export async function serveStreams(
  { PipelineScheduler, createApi, toNodeListener }: Parts,
  { connection, prefix, port }: StreamPlace,
): Promise<ServedStreams> {
  const logger = { debug: ignore, info: ignore, warn: console.error, error: console.error };
  const scheduler = new PipelineScheduler({ connection, prefix, logger, worker: false });
  const api = createApi({
    scheduler,
    auth: {},
    limits: {
      streams: STREAMS,
      streamsPerCaller: STREAMS,
      requestsPerMinute: { address: MOST, caller: MOST },
    },
  });
  const local = api.as({ kind: "cli", id: "bench" });
  const post = async (path: string, body: object): Promise<unknown> => {
    const request = new Request(`http://localhost/api${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await local.fetch(request)).json();
  };
  // After a restart the user is there already.
  await post("/users", { id: "bench", role: "admin" });
  const made = await post("/tokens", { user: "bench", name: "bench", role: "admin" });
  const { secret: token } = z.object({ secret: z.string() }).parse(made);
  const listen = toNodeListener(api);
  const server = createServer((request, response) => void listen(request, response));
  await new Promise<void>((resolve) => server.listen({ port, host: ADDRESS }, resolve));
  return { port: (server.address() as AddressInfo).port, token };
}

function ignore(): void {}
