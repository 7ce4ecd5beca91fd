import { EventEmitter } from "node:events";
import type { PGlite, Results } from "@electric-sql/pglite";
import type { PgPool, PgPoolClient, PgQueryResult } from "bullmq";

/** BullMQ's statements begin with a comment. */
const LISTEN = /^(?:\s|--.*\n)*listen\s+(\w+)/i;
const BEGINS = /^\s*begin\b/i;
const ENDS = /^\s*(?:commit|rollback)\b/i;

/** Lets go of the one connection. */
type Release = () => void;

/**
 * PGlite as a pool. It has a single connection, so each statement, or each transaction as a whole, waits for its turn;
 * to callers it looks like as many connections as they want.
 */
export class PglitePool implements PgPool {
  readonly #db: PGlite;
  #lastTurn: Promise<void> = Promise.resolve();

  constructor(db: PGlite) {
    this.#db = db;
  }

  async query<R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
    const release = await this.acquire();
    try {
      return await this.execute<R>(text, params);
    } finally {
      release();
    }
  }

  async connect(): Promise<PgPoolClient> {
    return new PgliteClient(this);
  }

  /** Waits for one's turn. What one does with the connection is done by {@link execute}. */
  async acquire(): Promise<Release> {
    const before = this.#lastTurn;
    let release: Release = () => undefined;
    this.#lastTurn = new Promise((resolve) => (release = resolve));
    await before;
    return release;
  }

  /** Executes at once; only for the caller whose turn it is. */
  async execute<R>(text: string, params: readonly unknown[] = []): Promise<PgQueryResult<R>> {
    const result =
      params.length === 0 && text.includes(";")
        ? // The extended protocol takes one statement, this one any number.
          (await this.#db.exec(text)).at(-1)
        : await this.#db.query<R>(text, params.map(param));
    const { rows = [], affectedRows = 0 } = (result ?? {}) as Partial<Results<R>>;
    return { rows, rowCount: affectedRows };
  }

  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
    return this.#db.listen(channel, onPayload);
  }

  /** Nothing is to be closed here: who opened PGlite closes it. */
  async end(): Promise<void> {}

  /** There are no idle connections that could break. */
  on(): this {
    return this;
  }

  removeAllListeners(): this {
    return this;
  }
}

/** PGlite takes objects for JSON columns only, pg everywhere. */
function param(value: unknown): unknown {
  const isPlain = typeof value === "object" && value !== null && !Array.isArray(value);
  return isPlain && !(value instanceof Uint8Array) ? JSON.stringify(value) : value;
}

/** A connection as pg hands it out: it has the turn from `BEGIN` to `COMMIT` or `ROLLBACK`. */
class PgliteClient extends EventEmitter implements PgPoolClient {
  readonly #pool: PglitePool;
  readonly #unlisten: (() => Promise<void>)[] = [];
  #release: Release | undefined;

  constructor(pool: PglitePool) {
    super();
    this.#pool = pool;
  }

  async query<R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
    const channel = LISTEN.exec(text)?.[1];
    if (channel !== undefined) return this.#listen(channel);
    if (BEGINS.test(text)) this.#release ??= await this.#pool.acquire();
    if (!this.#release) return this.#pool.query<R>(text, params);
    try {
      return await this.#pool.execute<R>(text, params);
    } finally {
      if (ENDS.test(text)) this.#letGo();
    }
  }

  release(): void {
    for (const unlisten of this.#unlisten.splice(0)) unlisten().catch(() => undefined);
    if (!this.#release) return;
    this.#pool.execute("ROLLBACK").then(
      () => this.#letGo(),
      () => this.#letGo(),
    );
  }

  #letGo(): void {
    this.#release?.();
    this.#release = undefined;
  }

  async #listen<R>(channel: string): Promise<PgQueryResult<R>> {
    const turn = await this.#pool.acquire();
    try {
      const emit = (payload: string): void => void this.emit("notification", { channel, payload });
      this.#unlisten.push(await this.#pool.listen(channel, emit));
    } finally {
      turn();
    }
    return { rows: [], rowCount: 0 };
  }
}
