/** A run began. */
export type OnRun = () => void;

/** How a peer is made. Plain JSON. */
export interface PeerPlace {
  readonly peer: PeerName;
  readonly redis: string;
  readonly postgres: string;
  readonly loader: string;
}

/** A scheduler in its recommended configuration. Its runs do nothing. */
export interface Peer {
  /** Connects, and makes its schema. Does not execute yet, if it can do without. */
  open(): Promise<void>;
  /** Stores one-off jobs that are due at once. Absent: it executes what it stores, so {@link start} does both. */
  fill?(count: number): Promise<void>;
  /** Begins to execute. @param count - How many one-off jobs are wanted, of a peer that has no {@link fill}. */
  start(count: number): Promise<void>;
  /** Declares so many schedules, each for every minute. `declared`: by a call. Otherwise they begin with {@link start}. */
  schedule(count: number): Promise<"declared" | "with-start">;
}

/** So many runs or calls at once, where one chooses. */
export const CONCURRENCY = 50;
export const EVERY_MINUTE = "* * * * *";

export const PEERS = [
  "cronduit, Redis",
  "cronduit, PostgreSQL",
  "bare BullMQ, Redis",
  "graphile-worker",
  "pg-boss",
  "Agenda, Redis",
  "Agenda, PostgreSQL",
  "DBOS",
] as const;
export type PeerName = (typeof PEERS)[number];

/** Calls `each` with 0 to `count` - 1, some at a time. */
export async function callMany(
  count: number,
  each: (n: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const some = async (): Promise<void> => {
    while (next < count) await each(next++);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, count) }, some));
}

/** Imports a peer's package. What it exports is told by the caller, who knows its documentation. */
export async function loadPeer<T>(loader: string, name: string): Promise<T> {
  const { load } = (await import(loader)) as { load: (name: string) => Promise<T> };
  return load(name);
}
