import { resolve } from "node:path";
import { z } from "zod";
import type { Clock, EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { errorSink } from "../core/error-sink.ts";
import type { Logger } from "../core/log.ts";
import { DEFAULT_QUEUE } from "../jobs/queue.ts";
import type { Engine } from "./port/engine.ts";
import { MultiQueueEngine } from "./multi-queue/multi-queue-engine.ts";
import type { QueueEngine } from "./port/queue-engine.ts";
import { LazyEngine } from "./lazy-engine.ts";
import { Outage } from "./calls/outage.ts";
import type { PostgresEngineOptions } from "./postgres/postgres-engine.ts";
import { isServerUrl } from "./postgres/server-url.ts";
import type { RedisConnectionOptions } from "./redis/connection.ts";
import { refuseOptions } from "./redis/refused-options.ts";

/**
 * Where the state is kept: a URL (`redis://…`, `rediss://…`, `postgres://…`, `embedded://folder`, `memory:`), ioredis'
 * connection options, or `{ cluster: [{ host, port }, …] }`.
 */
export type ConnectionOption = RedisConnectionOptions;

/** Schema of the option `prefix`. */
export const prefixSchema = z
  .string()
  .regex(/^[\w.-]{1,64}$/)
  .meta({
    alsoCalled: ["namespace", "keyPrefix"],
    allowed: "a string of 1 to 64 letters, digits, _ . and -",
  })
  .default("cronduit");

/** Options of every engine. */
export interface EngineOptions {
  /** Absent: in this process's memory. */
  readonly connection: ConnectionOption | undefined;
  /** Prefix of every key; two fleets on one server need different ones. 1 to 64 letters, digits, `-`, `_` or `.`. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a call waits for the server, in ms. */
  readonly timeoutMs: number;
  /** Whether `open()` may bring the schema of a database to this version. @default true */
  readonly migrate?: boolean | undefined;
  /** Stands in for the server's clock, in tests that move time. */
  readonly serverNow?: (() => EpochMs) | undefined;
  /** About how many entries the event log keeps; each holds the events of one or more decisions. @default 10,000 */
  readonly maxEvents?: number | undefined;
}

/** What a connection option names. */
export type Place =
  | { readonly kind: "redis"; readonly connection: ConnectionOption }
  | { readonly kind: "postgres"; readonly url: string }
  | { readonly kind: "embedded"; readonly folder: string }
  /** In this process. */
  | { readonly kind: "memory" };

const MAX_EVENT_ENTRIES = 10_000;
/** Starting PostgreSQL inside the process, with a new folder or after a crash, takes seconds on a slow machine. */
const EMBEDDED_START_MS = 120_000;

/**
 * Reads a connection option.
 * @throws {@link CronduitError} `INVALID_OPTION` for a URL of another kind, or none, and for options that can't be used.
 */
export function placeOf(connection: ConnectionOption | undefined): Place {
  if (connection === undefined || connection === "memory:") return { kind: "memory" };
  if (typeof connection !== "string") {
    refuseOptions(connection);
    return { kind: "redis", connection };
  }
  if (/^rediss?:\/\//i.test(connection)) {
    refuseOptions(readable(connection));
    return { kind: "redis", connection };
  }
  if (/^postgres(?:ql)?:\/\//i.test(connection)) {
    return { kind: "postgres", url: readable(connection, isServerUrl) };
  }
  if (/^embedded:\/\/./i.test(connection)) {
    // Relative to the current directory now: it may differ when the folder is opened.
    return { kind: "embedded", folder: resolve(connection.slice("embedded://".length)) };
  }
  const name = /^(embedded|rediss?|postgres(?:ql)?):(?!\/\/.)/i.exec(connection)?.[1];
  if (name !== undefined) {
    const isEmbedded = /^embedded/i.test(name);
    const form = isEmbedded
      ? `embedded://${connection.replace(/^embedded:\/*/i, "") || "folder"}`
      : `${name}://host`;
    const other = isEmbedded ? ', or "memory:" if nothing is to be kept' : "";
    throw new CronduitError(
      "INVALID_OPTION",
      `connection: after "${name}:" two slashes and ${isEmbedded ? "a folder" : "a host"} are needed. Write ${JSON.stringify(form)}${other}.`,
      { data: { path: "connection" } },
    );
  }
  throw new CronduitError(
    "INVALID_OPTION",
    `connection: a URL beginning with redis://, rediss://, postgres://, postgresql:// or embedded://, or memory:, is needed; ${schemeOf(connection)}`,
    { data: { path: "connection" } },
  );
}

/** Whatever stands in place of a URL's scheme. Nothing else is shown, since a password may be near. */
function schemeOf(connection: string): string {
  if (/^(?:undefined|null)$/.test(connection))
    return `it is the text "${connection}". Is an environment variable not set?`;
  if (/^[a-z0-9.-]{1,253}:\d{1,5}$/i.test(connection))
    return `it is a host and a port alone. Write "redis://${connection}", if that is a Redis server.`;
  const scheme = /^[a-z+]{1,20}(?=:)/i.exec(connection)?.[0];
  return scheme === undefined ? "it has no scheme." : `its scheme is ${scheme}.`;
}

/** Refuses a URL that can't be read. The error has no cause, which would hold the URL and so perhaps a password. */
function readable(url: string, isReadable = (text: string) => URL.canParse(text)): string {
  if (isReadable(url)) return url;
  throw new CronduitError("INVALID_OPTION", "connection: the URL can't be read.", {
    data: { path: "connection" },
  });
}

/**
 * Makes the engine that `connection` names. `open()` loads it, with only the libraries that it needs, and connects.
 * @throws {@link CronduitError} `INVALID_OPTION` for a URL of another kind, or none.
 */
export function makeEngine(options: EngineOptions): Engine {
  const place = placeOf(options.connection);
  switch (place.kind) {
    case "redis":
      return new LazyEngine("redis", () => openRedis(place.connection, options));
    case "postgres":
      return new LazyEngine("postgres", async () => {
        const { connectServer } = await import("./postgres/server-database.ts");
        const { timeoutMs } = options;
        const { onError, outage } = reports("postgres", options, () => home);
        const home: QueueEngine = await makePostgres(options, {
          label: "postgres",
          connect: ({ queue }) =>
            connectServer({ url: place.url, schema: queue, timeoutMs, onError }),
          onError,
        });
        return new MultiQueueEngine(home, options.clock, outage);
      });
    case "memory":
      return new LazyEngine("memory", async () => {
        const { MemoryEngine } = await import("./memory/memory-engine.ts");
        const onError = errorSink(options.logger, "memory", options.clock);
        const home = new MemoryEngine({ ...common(options), onError });
        return new MultiQueueEngine(home, options.clock);
      });
    case "embedded":
      return new LazyEngine("embedded postgres", async () => {
        const { openEmbedded } = await import("./embedded/embedded-database.ts");
        const home = await makePostgres(options, {
          label: "embedded postgres",
          openTimeoutMs: EMBEDDED_START_MS,
          connect: ({ queue }) =>
            openEmbedded(place.folder, queue, options.clock, ({ level, message }) =>
              options.logger[level](message),
            ),
          onError: errorSink(options.logger, "embedded postgres", options.clock),
        });
        return new MultiQueueEngine(home, options.clock);
      });
  }
}

async function openRedis(
  connection: ConnectionOption,
  options: EngineOptions,
): Promise<MultiQueueEngine> {
  const { RedisEngine } = await import("./redis/redis-engine.ts");
  const { onError, outage } = reports("redis", options, () => home);
  const home: QueueEngine = new RedisEngine({
    ...common(options),
    connection,
    onNote: ({ level, message }) => options.logger[level](message),
    onError,
  });
  return new MultiQueueEngine(home, options.clock, outage);
}

/** How an engine on a server reports errors: an outage once, and everything else. */
function reports(name: string, { logger, clock }: EngineOptions, home: () => QueueEngine) {
  const server = (): string => home().label;
  const outage = new Outage({ clock, logger, server, ask: () => home().ask() });
  const sink = errorSink(logger, name, clock);
  const onError = (error: unknown): void => {
    if (!outage.takes(error)) sink(error);
  };
  return { outage, onError };
}

async function makePostgres(
  options: EngineOptions,
  own: Pick<PostgresEngineOptions, "label" | "openTimeoutMs" | "connect" | "onError">,
): Promise<QueueEngine> {
  const { PostgresEngine } = await import("./postgres/postgres-engine.ts");
  return new PostgresEngine({ ...common(options), migrate: options.migrate ?? true, ...own });
}

function common({ prefix, clock, timeoutMs, serverNow, maxEvents }: EngineOptions) {
  return {
    prefix,
    queue: DEFAULT_QUEUE,
    clock,
    timeoutMs,
    serverNow,
    maxEvents: maxEvents ?? MAX_EVENT_ENTRIES,
  };
}
