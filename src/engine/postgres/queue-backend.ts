import { type BackendFactory, type PgPool, PostgresConnection, PostgresQueueBackend } from "bullmq";
import { systemClock } from "../../core/clock.ts";
import { lockedByServer, SERVER_MS } from "./server-clock.ts";

const NEXT_DELAY = "next_delay($1)";
/** How much later than such a worker BullMQ's wait looks: it is for what was added just before it began to listen. */
const LOOK_AGAIN_MS = 20;

/**
 * A statement of BullMQ for workers that are told by the server when to look. BullMQ's wait also ends when something becomes
 * due, by the worker's own clock: one whose clock is ahead would look again and again until then.
 */
function timedByServer(text: string): string {
  return text.replace(
    NEXT_DELAY,
    () => `${NEXT_DELAY} - ${SERVER_MS} + ${systemClock.now() + LOOK_AGAIN_MS}`,
  );
}

/**
 * The pool without its events: BullMQ listens to it with each queue and worker, and never lets go. Errors of idle
 * connections are heard by whoever made the pool. Locks end by the server's clock.
 */
function unheard(pool: PgPool, rewrite: (text: string) => string): PgPool {
  const view: PgPool = {
    query: (text, params) => pool.query(rewrite(lockedByServer(text)), params),
    connect: () => pool.connect(),
    end: async () => undefined,
    on: () => view,
    removeAllListeners: () => view,
  };
  return view;
}

/**
 * BullMQ's connection on a pool of ours. Given a pool, BullMQ looks for its tables in the schema `bullmq`; ours stand
 * beside our own tables.
 */
class SchemaConnection extends PostgresConnection {
  declare readonly schema: string;

  constructor(pool: PgPool, schema: string, rewrite: (text: string) => string) {
    super(unheard(pool, rewrite));
    Object.assign(this, { schema });
  }

  /**
   * BullMQ names a worker's connection as soon as it is ready, which may be after the worker was closed: nobody would end
   * that connection.
   */
  override async getListenClient(): ReturnType<PostgresConnection["getListenClient"]> {
    if (this.isClosing) throw new Error("the connection was closed");
    return super.getListenClient();
  }

  /**
   * BullMQ lets an idle worker wait for up to an hour if the socket has keep-alive. A connection cut in silence is
   * noticed by keep-alive after minutes at the best; without it BullMQ looks every 10 s, as it does on Redis.
   */
  override get hasListenClientKeepAlive(): boolean {
    return false;
  }
}

/** Makes BullMQ work on `pool`, with its tables in `schema`. */
export function queueBackend(pool: PgPool, schema: string): BackendFactory {
  return backendBy(pool, schema, (text) => text);
}

/** The same for workers that the server tells when something becomes due. */
export function serverClockQueueBackend(pool: PgPool, schema: string): BackendFactory {
  return backendBy(pool, schema, timedByServer);
}

function backendBy(
  pool: PgPool,
  schema: string,
  rewrite: (text: string) => string,
): BackendFactory {
  return (name, options, { withBlockingConnection = false } = {}) =>
    new PostgresQueueBackend(
      new SchemaConnection(pool, schema, rewrite),
      name,
      { ...options, connection: pool },
      true,
      withBlockingConnection ? name : undefined,
    );
}
