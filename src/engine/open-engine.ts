import type { Clock, EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import type { Engine } from "./engine.ts";
import type { RedisConnectionOptions } from "./redis/connection.ts";
import { RedisEngine } from "./redis/redis-engine.ts";

/** Where the state is kept: a URL (`redis://…`, `rediss://…`) or ioredis' connection options. */
export type ConnectionOption = RedisConnectionOptions;

/** What every engine is made with. */
export interface EngineOptions {
  readonly connection: ConnectionOption;
  /** Begins every key; two fleets on one server need two. 1 to 64 letters, digits, `-`, `_` or `.`. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a call waits for the server, in ms. */
  readonly timeoutMs: number;
  /** Stands in for the server's clock, in tests that move time. */
  readonly serverNow?: (() => EpochMs) | undefined;
}

/** The name of the queue, part of its keys' hash tag. */
const QUEUE = "default";
/** About how many entries the event stream keeps; each holds the events of one or more decisions. */
const MAX_EVENT_ENTRIES = 10_000;

/**
 * Makes the engine that `connection` names; it connects on `open()`.
 * @throws {@link CronduitError} `INVALID_OPTION` for a URL of another kind, or none.
 */
export function makeEngine(options: EngineOptions): Engine {
  const { connection, logger } = options;
  if (typeof connection === "string" && !/^rediss?:\/\//.test(connection)) {
    const scheme = /^[a-z+]{1,20}(?=:)/i.exec(connection)?.[0] ?? "none";
    throw new CronduitError(
      "INVALID_OPTION",
      `connection: a URL beginning with redis:// or rediss:// is needed; its scheme is ${scheme}.`,
      { data: { path: "connection" } },
    );
  }
  try {
    return new RedisEngine({
      connection,
      prefix: options.prefix,
      queue: QUEUE,
      clock: options.clock,
      timeoutMs: options.timeoutMs,
      maxEvents: MAX_EVENT_ENTRIES,
      serverNow: options.serverNow,
      onWarning: (message) => logger.warn(message),
      onError: (error) => logger.warn("redis", { error }),
    });
  } catch (error) {
    if (typeof connection !== "string" || !(error instanceof TypeError)) throw error;
    // Without its cause, which holds the URL and so perhaps a password.
    throw new CronduitError("INVALID_OPTION", "connection: the URL can't be read.", {
      data: { path: "connection" },
    });
  }
}
