import { systemClock } from "../../core/clock.ts";

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

/** The rewrite that fits a statement. */
export function rewriteOf(
  text: string,
  rewrites: readonly Rewrite[] = REWRITES,
): Rewrite | undefined {
  return rewrites.find(({ part }) => text.includes(part));
}

const known = new Map<string, Rewrite | undefined>();

/** A statement of BullMQ as we send it. */
export function rewritten(text: string): string {
  if (!known.has(text)) known.set(text, rewriteOf(text));
  const rewrite = known.get(text);
  return rewrite ? text.replace(rewrite.part, () => rewrite.by()) : text;
}
