import { type BackendFactory, type PgPool, PostgresConnection, PostgresQueueBackend } from "bullmq";
import { rewritten } from "./bullmq-sql.ts";

/**
 * The pool without its events: BullMQ adds listeners with each queue and worker, and never removes them. Whoever made the pool
 * hears the errors of idle connections.
 */
function unheard(pool: PgPool): PgPool {
  const view: PgPool = {
    query: (text, params) => pool.query(rewritten(text), params),
    connect: () => pool.connect(),
    end: async () => undefined,
    on: () => view,
    removeAllListeners: () => view,
  };
  return view;
}

/**
 * BullMQ's connection on a pool of ours. Given a pool, BullMQ looks for its tables in the schema `bullmq`; ours are in another.
 */
class SchemaConnection extends PostgresConnection {
  declare readonly schema: string;

  constructor(pool: PgPool, schema: string) {
    super(unheard(pool));
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
   * BullMQ lets an idle worker wait for up to an hour if the socket has keep-alive, which notices a silently cut connection
   * after minutes at best. Without it BullMQ polls every 10 s, as it does on Redis.
   */
  override get hasListenClientKeepAlive(): boolean {
    return false;
  }
}

/** Runs BullMQ on `pool`, with its tables in `schema`. */
export function queueBackend(pool: PgPool, schema: string): BackendFactory {
  return (name, options, { withBlockingConnection = false } = {}) =>
    new PostgresQueueBackend(
      new SchemaConnection(pool, schema),
      name,
      { ...options, connection: pool },
      true,
      withBlockingConnection ? name : undefined,
    );
}
