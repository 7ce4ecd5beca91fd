import { makeEngine } from "../../../src/engine/open-engine.ts";
import type { Engine } from "../../../src/engine/port/engine.ts";
import { systemClock } from "../../../src/index.ts";

/** The engines that the harness supports. */
export const ENGINES = ["redis", "postgres"] as const;
/** One of {@link ENGINES}. */
export type EngineName = (typeof ENGINES)[number];

/** The harness's own server and its faults. Each fault returns evidence that it happened. */
export interface ChaosServer extends AsyncDisposable {
  readonly port: number;
  /** Its address, through the harness's proxy. */
  urlAt(port: number): string;
  /** Kills it without warning, and restarts it with the data on its disk. */
  restart(downMs: number): Promise<string | undefined>;
  /** Freezes the process. */
  freeze(ms: number): Promise<string | undefined>;
  /** Keeps it busy, so that nobody's calls make progress. */
  sleep(ms: number, prefix: string): Promise<string | undefined>;
  /**
   * The server answers, but changes in one place are blocked for a while and done afterwards, even if the caller has
   * given up. @param dice In [0, 1): chooses the place
   */
  holdCalls(ms: number, prefix: string, dice: number): Promise<string | undefined>;
  killConnections(): Promise<string | undefined>;
  /** Deletes the queue library's data, all of it or only waiting jobs. */
  deleteQueue(prefix: string, what: "all" | "waiting"): Promise<string | undefined>;
  /** A small call like a scheduler's, bypassing the proxy: its duration shows the server's condition. */
  probe(): Promise<ServerProbe>;
}

/** The harness's own connection. */
export interface ServerProbe {
  /** Makes the server do something small. */
  ask(): Promise<void>;
  close(): void;
}

/** How long the harness itself waits for a server. */
export const LIMIT_MS = 15_000;

/** The engine on a server, bypassing the proxy, for the last read. */
export async function openEngine(server: ChaosServer, prefix: string): Promise<Engine> {
  const silent = (): void => undefined;
  const engine = makeEngine({
    connection: server.urlAt(server.port),
    prefix,
    clock: systemClock,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    timeoutMs: LIMIT_MS,
  });
  await engine.open();
  return engine;
}

/** Asks a silenced server, ends the silence after a while, and returns how long the answer took. */
export async function silence(
  ms: number,
  ask: () => Promise<unknown>,
  end: () => Promise<unknown> | void,
): Promise<string | undefined> {
  const from = performance.now();
  const asking = ask().then(() => performance.now() - from);
  asking.catch(() => undefined);
  try {
    await pass(ms);
  } finally {
    await end();
  }
  const waitedMs = await asking;
  return waitedMs >= ms / 2 ? `no answer for ${Math.round(waitedMs)} ms` : undefined;
}

export function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
