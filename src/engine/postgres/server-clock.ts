/** The server's clock in ms, as BullMQ counts. */
export const SERVER_MS = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/** Calls that lock a queue job, or keep it locked: the parameters that hold for how long, and the worker's now. */
const LOCKING =
  /\b(?:extend_lock|move_to_active|move_to_completed_fetch|move_to_failed_fetch)\([^)]*\)/;
const LOCK_PLACES: Readonly<Record<string, readonly [lockMs: number, now: number]>> = {
  extend_lock: [4, 5],
  move_to_active: [3, 4],
  move_to_completed_fetch: [9, 10],
  move_to_failed_fetch: [10, 11],
};
const LOCKS_TOGETHER = "$5::bigint + $4::bigint";
const STALLED = "move_stalled_jobs_to_wait($1, $2, $3, $4)";

const known = new Map<string, string>();

/**
 * A statement of BullMQ, with locks that end by the server's clock. BullMQ takes the time of each worker for it, so one
 * whose clock is ahead by more than a lock takes their runs from all others, and keeps them from looking for those of
 * workers that died. When a delayed job is due stays with the worker's clock: it sleeps by it too.
 */
export function lockedByServer(text: string): string {
  let locked = known.get(text);
  if (locked === undefined) known.set(text, (locked = rewritten(text)));
  return locked;
}

function rewritten(text: string): string {
  if (text.includes(STALLED))
    // A parameter that is not used has no type.
    return text.replace(STALLED, () => STALLED.replace("$3", `$3::bigint * 0 + ${SERVER_MS}`));
  if (text.includes(LOCKS_TOGETHER))
    return text.replace(LOCKS_TOGETHER, () => `$5::bigint + ${lockMs("$4", "$5")}`);
  return text.replace(LOCKING, (call) => {
    const places = LOCK_PLACES[call.slice(0, call.indexOf("("))];
    if (!places) return call;
    const [lock, now] = [`$${places[0]}`, `$${places[1]}`];
    return call.replace(`${lock}, ${now}`, () => `${lockMs(lock, now)}, ${now}`);
  });
}

/** What BullMQ adds to the worker's now, so that the sum is the server's now and the lock. */
function lockMs(lock: string, now: string): string {
  return `(${lock}::bigint + ${SERVER_MS} - ${now}::bigint)`;
}
