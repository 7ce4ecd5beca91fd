import type { RedisOptions } from "ioredis";
import { CronduitError } from "../../core/errors.ts";
import type { RedisConnectionOptions } from "./connection.ts";

interface Refusal {
  readonly isMeant: (value: unknown) => boolean;
  readonly why: string;
}

/** ioredis options with which this package can't work. */
const REFUSED: Partial<Record<keyof RedisOptions, Refusal>> = {
  keyPrefix: {
    isMeant: (value) => value !== undefined && value !== "" && value !== null,
    why: "the scripts build their keys on the server, where ioredis adds no prefix. Use the option prefix of the scheduler and the worker, which begins every key",
  },
  commandTimeout: {
    isMeant: (value) => typeof value === "number",
    why: "it would end the commands that wait for work. Use the option timeout of the scheduler and the worker",
  },
  enableOfflineQueue: {
    isMeant: (value) => value === false,
    why: "calls wait for a lost connection, for as long as the option timeout of the scheduler and the worker says",
  },
  stringNumbers: {
    isMeant: (value) => Boolean(value),
    why: "answers are read as numbers",
  },
  role: {
    isMeant: (value) => value === "slave",
    why: "a replica takes no writes",
  },
};

/**
 * Refuses options that would break the engine, when they are given rather than when they first do harm.
 * @throws {@link CronduitError} `INVALID_OPTION`
 */
export function refuseOptions(connection: RedisConnectionOptions): void {
  if (typeof connection === "string") {
    // ioredis also takes options from a URL's query.
    refuse(Object.fromEntries(new URL(connection).searchParams), "connection");
    return;
  }
  refuseOtherThings(connection);
  refuse(connection, "connection");
  if ("cluster" in connection && connection.redisOptions)
    refuse(connection.redisOptions, "connection.redisOptions");
}

/** Refuses what ioredis would take as no options at all, connecting to this machine instead. */
function refuseOtherThings(connection: object): void {
  const isGiven = (name: string): boolean => Reflect.get(connection, name) !== undefined;
  const { cluster } = connection as { cluster?: unknown };
  const why = Array.isArray(connection)
    ? "a list says nothing of what it is. Give { cluster: [{ host, port }, …] }, or { sentinels: […], name }"
    : typeof Reflect.get(connection, "sendCommand") === "function"
      ? "a connection that is open can't be shared. Give what it was made with: a URL, or ioredis' options"
      : isGiven("url")
        ? 'there is no option url. Give the URL itself: connection: "redis://…"'
        : isGiven("cluster") && !(Array.isArray(cluster) && cluster.length > 0)
          ? "cluster must be a list of at least one node: [{ host, port }, …]"
          : undefined;
  if (why === undefined) return;
  throw new CronduitError("INVALID_OPTION", `connection: ${why}.`, {
    data: { path: "connection" },
  });
}

function refuse(options: object, path: string): void {
  for (const [name, { isMeant, why }] of Object.entries(REFUSED)) {
    const value: unknown = Reflect.get(options, name);
    if (!isMeant(value)) continue;
    throw new CronduitError("INVALID_OPTION", `${path}: ioredis' option ${name}: ${why}.`, {
      data: { path: `${path}.${name}` },
    });
  }
}
