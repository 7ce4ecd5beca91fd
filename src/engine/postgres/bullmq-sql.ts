import { type PgPool, PostgresConnection, PostgresQueueBackend } from "bullmq";
import { systemClock } from "../../core/clock.ts";
import { unsupportedLibrary } from "../../core/unsupported-library.ts";

/** The server's clock in ms, as BullMQ counts. */
const SERVER_MS = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
/** BullMQ's wait polls this much later than our worker does: it is there for what was added just before it began to listen. */
const POLL_LATER_MS = 20;

/** A statement of BullMQ that we send in another form. */
export interface Rewrite {
  /** BullMQ's name of the statement. */
  readonly statement: string;
  /** The part that is replaced. */
  readonly part: string;
  by(): string;
}

/**
 * BullMQ takes each worker's own clock for its locks: a worker whose clock is ahead by more than a lock takes the runs of all
 * others, and keeps them from looking for those of dead workers. With the server's clock in its place all locks agree.
 */
export const REWRITES: readonly Rewrite[] = [
  {
    statement: "extend_locks",
    part: "$5::bigint + $4::bigint",
    // An unused parameter has no type.
    by: () => `$5::bigint * 0 + ${SERVER_MS} + $4::bigint`,
  },
  {
    statement: "move_stalled_jobs_to_wait",
    part: "move_stalled_jobs_to_wait($1, $2, $3, $4)",
    by: () => `move_stalled_jobs_to_wait($1, $2, $3::bigint * 0 + ${SERVER_MS}, $4)`,
  },
  {
    // BullMQ's wait also ends when something becomes due by the worker's clock: one ahead would poll over and over until then.
    statement: "next_delay",
    part: "next_delay($1)",
    by: () => `next_delay($1) - ${SERVER_MS} + ${systemClock.now() + POLL_LATER_MS}`,
  },
];

const known = new Map<string, Rewrite | undefined>();

/** A statement of BullMQ as we send it. */
export function rewritten(text: string): string {
  if (!known.has(text))
    known.set(
      text,
      REWRITES.find(({ part }) => text.includes(part)),
    );
  const rewrite = known.get(text);
  return rewrite ? text.replace(rewrite.part, () => rewrite.by()) : text;
}

/** A connection to no server. */
class ProbeConnection extends PostgresConnection {
  override async waitUntilReady(): Promise<void> {
    return undefined;
  }
}

/**
 * Has BullMQ send its statements to a database that answers nothing, and makes sure that each rewrite fits one of them: one that
 * no longer fits would change nothing, silently.
 * @throws {@link CronduitError} `UNSUPPORTED_LIBRARY`
 */
export async function requireRewrites(rewrites: readonly Rewrite[] = REWRITES): Promise<void> {
  const texts: string[] = [];
  const answerNothing = async (text: string) => {
    texts.push(text);
    return { rows: [], rowCount: 0 };
  };
  const client = {
    query: answerNothing,
    on: () => client,
    removeListener: () => client,
    removeAllListeners: () => client,
    release: () => undefined,
  };
  const pool: PgPool = {
    query: answerNothing,
    connect: async () => client,
    end: async () => undefined,
    on: () => pool,
    removeAllListeners: () => pool,
  };
  try {
    const backend = new PostgresQueueBackend(new ProbeConnection(pool), "probe", {
      connection: pool,
    });
    await backend.extendLocks([], [], 0);
    await backend.moveStalledJobsToWait();
    await backend.waitForJob(0);
  } catch (error) {
    throw unsupportedLibrary(
      "bullmq",
      "does not send its statements to PostgreSQL as known",
      error,
    );
  }
  for (const { statement, part } of rewrites) {
    const times = texts.reduce((sum, text) => sum + text.split(part).length - 1, 0);
    if (times !== 1)
      throw unsupportedLibrary(
        "bullmq",
        `has "${part}" ${times} times in its statements and not once, in "${statement}"`,
      );
  }
}

let fit: Promise<void> | undefined;

/** {@link requireRewrites}, once in a process. */
export function requireKnownStatements(): Promise<void> {
  return (fit ??= requireRewrites());
}
