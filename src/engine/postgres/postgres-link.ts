import { type Clock, within } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { EpochMs } from "../../core/clock.ts";
import { withDeadline, OpenCalls } from "../calls/with-deadline.ts";
import { BullMqQueue } from "../bullmq/bullmq-queue.ts";
import type { EngineHealth } from "../port/engine.ts";
import type { Database } from "./database.ts";
import { FunctionCaller, type FunctionName } from "./functions.ts";
import { migrate, requireCurrent } from "./migrate-schema.ts";
import { retryTransient } from "./retry-transient.ts";
import { PostgresBatches } from "./postgres-batches.ts";
import { requireKnownStatements } from "./bullmq-sql.ts";
import { queueBackend } from "./queue-backend.ts";
import { type Schemas, schemasOf } from "./schema-name.ts";

/** How long closing may take when the server does not answer. */
const CLOSE_LIMIT_MS = 2_000;

/** How a link is made. */
export interface PostgresLinkOptions {
  /** Connects; called once, by `open()`. */
  connect(schemas: Schemas): Promise<Database>;
  /** The engine's label before it is connected. */
  readonly label: string;
  /** Names the schemas. */
  readonly prefix: string;
  /** Names the queue, and with the prefix the schema of its tables. */
  readonly queue: string;
  /** Whether `open()` may migrate them to this version; otherwise it fails if they are not current. */
  readonly migrate: boolean;
  readonly clock: Clock;
  /** How long a call waits for the server before it fails with `CONNECTION_FAILED`. */
  readonly timeoutMs: number;
  /** How long connecting may take, if longer than a call. @default `timeoutMs` */
  readonly openTimeoutMs?: number | undefined;
  /** About how many entries the event log keeps. */
  readonly maxEvents: number;
  /** Stands in for the server's clock, in tests that move time. */
  readonly serverNow?: (() => EpochMs) | undefined;
  readonly onError: (error: unknown) => void;
}

/** What works on a connected database. */
export interface Connected {
  readonly database: Database;
  readonly functions: FunctionCaller;
  readonly queue: BullMqQueue;
}

/** The database that an engine's calls share: opened once, closed once; every call has a deadline. */
export class PostgresLink {
  readonly #options: PostgresLinkOptions;
  readonly schemas: Schemas;
  readonly #calls = new OpenCalls();
  #connected: Connected | undefined;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: PostgresLinkOptions) {
    this.#options = options;
    this.schemas = schemasOf(options.prefix, options.queue);
  }

  get label(): string {
    return this.#connected?.database.label ?? this.#options.label;
  }

  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    const { clock, timeoutMs, openTimeoutMs = timeoutMs } = this.#options;
    let lastError: unknown;
    const call = { clock, timeoutMs: openTimeoutMs, what: "connect", server: this.label };
    await withDeadline({ ...call, lastError: () => lastError }, async () => {
      await requireKnownStatements();
      const database = await this.#options.connect(this.schemas);
      try {
        const prepare = this.#options.migrate ? migrate : requireCurrent;
        await retryTransient(
          clock,
          openTimeoutMs,
          async () => {
            await database.check?.();
            await prepare(database.pool, this.schemas);
          },
          (error) => (lastError = error),
        );
        this.#connected = this.#assemble(database);
        await this.#connected.queue.waitUntilReady();
      } catch (error) {
        this.#connected = undefined;
        await database.close().catch(() => undefined);
        throw error;
      }
    });
  }

  #assemble(database: Database): Connected {
    const { clock, maxEvents, serverNow, onError } = this.#options;
    const { pool } = database;
    const functions = new FunctionCaller(database, this.schemas, () => ({
      nowMs: serverNow?.(),
      maxEntries: maxEvents,
    }));
    const queue = new BullMqQueue({
      place: { backend: queueBackend(pool, this.schemas.queue) },
      name: this.schemas.runs,
      clock,
      batches: new PostgresBatches(functions, clock),
      onError,
    });
    return { database, functions, queue };
  }

  /** @param before Closes what must be closed with the queue, before the connections. */
  close(limitMs = CLOSE_LIMIT_MS, before: () => Promise<void>): Promise<void> {
    this.#closing ??= this.#close(limitMs, before);
    return this.#closing;
  }

  async #close(limitMs: number, before: () => Promise<void>): Promise<void> {
    const { clock, onError } = this.#options;
    const until = clock.elapsed() + limitMs;
    // A failed opening closes what it has opened.
    await within(clock, limitMs, this.#opening?.catch(() => undefined) ?? Promise.resolve());
    const connected = this.#connected;
    if (!connected) return;
    const { queue, database } = connected;
    const halfMs = (until - clock.elapsed()) / 2;
    await within(clock, halfMs, Promise.allSettled([queue.close(), before()]));
    await within(clock, until - clock.elapsed(), database.close().catch(onError));
    database.cut();
    this.#calls.giveUp();
  }

  async health(): Promise<EngineHealth> {
    const from = this.#options.clock.elapsed();
    try {
      await this.open();
      await this.call("health", ({ database }) => database.pool.query("SELECT 1"));
      const roundTripMs = this.#options.clock.elapsed() - from;
      return { ok: true, roundTripMs, problem: undefined };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { ok: false, roundTripMs: undefined, problem };
    }
  }

  /** @throws `INVALID_STATE` before opening and after closing */
  ready(): Connected {
    if (this.#connected && !this.#closing) return this.#connected;
    const why = this.#closing ? "was closed" : "is not open";
    throw new CronduitError("INVALID_STATE", `${this.label} ${why}.`);
  }

  /** Does work on the database, retrying if the connection breaks, with a deadline. @throws `CONNECTION_FAILED` */
  call<T>(
    what: string,
    work: (connected: Connected, leftMs: () => number) => Promise<T>,
  ): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    const until = clock.elapsed() + timeoutMs;
    const leftMs = (): number => until - clock.elapsed();
    let last: unknown;
    const lastError = () => last;
    const asked = { clock, timeoutMs, what, server: this.label, lastError, calls: this.#calls };
    return withDeadline(asked, async () => {
      await this.open();
      const connected = this.ready();
      return retryTransient(
        clock,
        timeoutMs,
        () => work(connected, leftMs),
        (error) => (last = error),
      );
    });
  }

  /** Calls a function that changes state. @returns JSON text, or `null` */
  run(what: string, name: FunctionName, argument: unknown): Promise<string | null> {
    return this.call(what, ({ functions }, leftMs) => functions.run(name, argument, leftMs));
  }

  /** Runs a statement where no function is needed. @returns its rows */
  select<R>(what: string, sql: string, params: readonly unknown[] = []): Promise<R[]> {
    return this.call(
      what,
      async ({ database }) => (await database.pool.query<R>(sql, params)).rows,
    );
  }

  /** The server's clock. */
  async now(): Promise<EpochMs> {
    const { serverNow } = this.#options;
    return serverNow ? serverNow() : this.read<number>("now", "server_now(NULL)", []);
  }

  /** Calls a function that only reads. @param call e.g. `read_open_runs($1)` */
  read<T>(what: string, call: string, params: readonly unknown[]): Promise<T> {
    return this.call(what, ({ functions }) => functions.read<T>(call, params));
  }
}
