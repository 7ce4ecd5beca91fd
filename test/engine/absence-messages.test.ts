// That a server is away is known by the words of Node, ioredis and pg. Each of these is provoked from the installed version.
import { createServer, type Server, type Socket } from "node:net";
import { Cluster, Redis } from "ioredis";
import pg from "pg";
import { afterEach, describe, expect, inject, test } from "vitest";
import { causeOfAbsence, isServerAway } from "../../src/engine/calls/with-deadline.ts";
import { isWorthRepeating } from "../../src/engine/postgres/database.ts";

/** What work fails with. */
async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.unreachable("it did not fail"),
    (error: unknown) => error,
  );
}

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A server that accepts connections and handles them as given. */
async function portOf(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    serve(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}

/** A port without a listener. */
async function deadPort(): Promise<number> {
  const port = await portOf(() => undefined);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  return port;
}

const once = { retryStrategy: () => null, maxRetriesPerRequest: 0 };

/** The error of a Redis client. */
function complaint(client: Redis): Promise<unknown> {
  return new Promise((resolve) => {
    client.once("error", (error) => {
      client.disconnect();
      resolve(error);
    });
  });
}

const REDIS: readonly [string, RegExp, () => Promise<unknown>][] = [
  [
    "a port that nobody listens at",
    /ECONNREFUSED/,
    async () => complaint(new Redis(await deadPort(), "127.0.0.1", once)),
  ],
  [
    "a name that nobody knows",
    /ENOTFOUND|EAI_AGAIN/,
    async () => complaint(new Redis(6379, "nowhere.invalid", once)),
  ],
  [
    "a server that says nothing",
    /Socket timeout/,
    async () =>
      complaint(
        new Redis(await portOf(() => undefined), "127.0.0.1", { ...once, socketTimeout: 100 }),
      ),
  ],
  [
    "a client that was ended",
    /Connection is closed/,
    async () => {
      const client = new Redis(inject("redisUrl"), once);
      await client.ping();
      client.disconnect();
      return failure(client.ping());
    },
  ],
  [
    "a server that breaks the connection off in the middle of a call",
    /closed|ECONNRESET/,
    async () => {
      const port = await portOf((socket) => socket.once("data", () => socket.destroy()));
      const client = new Redis(port, "127.0.0.1", { ...once, enableReadyCheck: false });
      client.on("error", () => undefined);
      return failure(client.get("key"));
    },
  ],
  [
    "a Cluster without a node that answers",
    /slots cache|startup nodes|closed/,
    async () => {
      const cluster = new Cluster([{ host: "127.0.0.1", port: await deadPort() }], {
        clusterRetryStrategy: () => null,
      });
      const told = new Promise((resolve) => cluster.once("error", resolve));
      cluster.on("error", () => undefined);
      const error = await told;
      expect(causeOfAbsence(error)).toMatch(/ECONNREFUSED|closed/);
      return error;
    },
  ],
];

/** A pg connection with as little automatic behavior as possible. */
async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function onPort(serve: (socket: Socket) => void): Promise<pg.PoolConfig> {
  return { host: "127.0.0.1", port: await portOf(serve), connectionTimeoutMillis: 200 };
}

const POSTGRES: readonly [string, RegExp, () => Promise<unknown>][] = [
  [
    "a server that says nothing",
    /timeout/,
    async () => failure(new pg.Client(await onPort(() => undefined)).connect()),
  ],
  [
    "a pool whose server says nothing",
    /timeout/,
    async () => failure(new pg.Pool(await onPort(() => undefined)).connect()),
  ],
  [
    "a server that ends the connection as it begins",
    /Connection terminated unexpectedly|ECONNRESET/,
    async () => failure(new pg.Client(await onPort((socket) => socket.end())).connect()),
  ],
  [
    "a connection that the server terminates",
    /terminating connection|Connection terminated/,
    async () => {
      const client = await connected(inject("postgresUrl"));
      return failure(client.query("SELECT pg_terminate_backend(pg_backend_pid())"));
    },
  ],
  [
    "a call on a connection that broke",
    /not queryable/,
    async () => {
      const client = await connected(inject("postgresUrl"));
      await failure(client.query("SELECT pg_terminate_backend(pg_backend_pid())"));
      await new Promise((resolve) => setTimeout(resolve, 200));
      return failure(client.query("SELECT 1"));
    },
  ],
  [
    "a call that is not answered in time",
    /timeout/,
    async () => {
      const client = new pg.Client({
        connectionString: inject("postgresUrl"),
        query_timeout: 100,
      });
      client.on("error", () => undefined);
      await client.connect();
      const error = await failure(client.query("SELECT pg_sleep(1)"));
      await client.end();
      return error;
    },
  ],
];

describe.each([
  ["redis", REDIS],
  ["postgres", POSTGRES],
])("%s", (which, cases) => {
  test.each(cases)("%s: %s", async (_, words, provoke) => {
    const error = await provoke();
    expect(String(error)).toMatch(words);
    expect(isServerAway(error)).toBe(true);
    if (which === "postgres") expect(isWorthRepeating(error)).toBe(true);
  });
});
