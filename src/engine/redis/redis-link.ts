import { type Clock, within } from "../../core/clock.ts";
import { withDeadline, OpenCalls } from "../calls/with-deadline.ts";
import type { EngineHealth } from "../port/engine.ts";
import { addressOf, connect, type RedisConnectionOptions, untilReady } from "./connection.ts";
import type { RedisClient } from "./redis-client.ts";
import type { ServerNote } from "./server-check.ts";
import { ServerWatch } from "./server-watch.ts";

/** How long closing may take when the server does not answer. */
const CLOSE_LIMIT_MS = 2_000;

/** How a link is made. */
export interface RedisLinkOptions {
  readonly connection: RedisConnectionOptions;
  readonly clock: Clock;
  /** How long a call waits for the server before it fails with `CONNECTION_FAILED`. */
  readonly timeoutMs: number;
  /** The link of the engine of another queue, which opens, checks and closes the connection. */
  readonly shared?: RedisLink | undefined;
  onNote(note: ServerNote): void;
  onError(error: unknown): void;
}

/** The connection that an engine's calls share: opened once, closed once; every call has a deadline. */
export class RedisLink {
  readonly redis: RedisClient;
  readonly #options: RedisLinkOptions;
  readonly #watch: ServerWatch;
  readonly #calls = new OpenCalls();
  #label: string;
  #lastError: unknown;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.redis = options.shared?.redis ?? connect(options.connection);
    if (!options.shared) {
      this.redis.on("error", (error) => {
        this.#lastError = error;
        options.onError(error);
      });
      this.redis.on("ready", () => (this.#lastError = undefined));
    }
    this.#watch = new ServerWatch(this.redis, options.clock, (note) => options.onNote(note));
    this.#label = `redis at ${addressOf(this.redis)}`;
  }

  get label(): string {
    return this.#options.shared?.label ?? this.#label;
  }

  /** The connection's last error. */
  get lastError(): unknown {
    return this.#options.shared?.lastError ?? this.#lastError;
  }

  /** @param more What else must be ready. */
  open(more: () => Promise<void>): Promise<void> {
    // A server that is unreachable the first time may be reachable the next.
    this.#opening ??= this.#open(more).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(more: () => Promise<void>): Promise<void> {
    const version = await this.bounded("connect", async () => {
      await untilReady(this.redis);
      await more();
      return this.#options.shared ? undefined : this.#watch.begin();
    });
    if (version === undefined) return;
    this.#label = `redis ${version} at ${addressOf(this.redis)}`;
  }

  /** @param before Closes what must be closed first. */
  close(limitMs = CLOSE_LIMIT_MS, before: () => Promise<void>): Promise<void> {
    this.#closing ??= this.#close(limitMs, before);
    return this.#closing;
  }

  async #close(limitMs: number, before: () => Promise<void>): Promise<void> {
    this.#watch.end();
    this.#calls.close();
    await within(
      this.#options.clock,
      limitMs,
      before().catch(() => undefined),
    );
    if (!this.#options.shared) this.redis.disconnect();
    // ioredis never settles commands that wait for a connection if it is ended while it has none.
    this.#calls.giveUp();
  }

  /** @param key A command with a key is answered, in a Cluster, by the node that does the work. */
  async health(key: string): Promise<EngineHealth> {
    const { clock } = this.#options;
    const from = clock.elapsed();
    try {
      await this.bounded("health", () => this.redis.exists(key));
      return { ok: true, roundTripMs: clock.elapsed() - from, problem: undefined };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { ok: false, roundTripMs: undefined, problem };
    }
  }

  /** Calls the server with a deadline. @throws `CONNECTION_FAILED` */
  bounded<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    const lastError = () => this.lastError;
    const call = { clock, timeoutMs, what, server: this.label, lastError, calls: this.#calls };
    return withDeadline(call, work);
  }
}
