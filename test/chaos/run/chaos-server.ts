import { makeEngine } from "../../../src/engine/open-engine.ts";
import type { Engine } from "../../../src/engine/port/engine.ts";
import { systemClock } from "../../../src/index.ts";

/** The engines that the harness knows. */
export const ENGINES = ["redis", "postgres"] as const;
/** One of {@link ENGINES}. */
export type EngineName = (typeof ENGINES)[number];

/** A server of the harness's own, and what can be done to it. Each fault returns what shows that it happened. */
export interface ChaosServer extends AsyncDisposable {
  readonly port: number;
  /** Its address through a port of the harness. */
  urlAt(port: number): string;
  /** Ends it without warning, and starts it again with what is on its disk. */
  restart(downMs: number): Promise<string | undefined>;
  /** The process does not run for so long. */
  freeze(ms: number): Promise<string | undefined>;
  /** It is busy for so long, and nobody's calls get on. */
  sleep(ms: number, prefix: string): Promise<string | undefined>;
  /**
   * The server answers, but what changes something in one place waits there for so long, and is done afterwards, also where
   * whoever asked has given up. @param dice Of [0, 1): chooses the place
   */
  holdCalls(ms: number, prefix: string, dice: number): Promise<string | undefined>;
  killConnections(): Promise<string | undefined>;
  /** Takes away what the queue library keeps, all of it or what is waiting. */
  deleteQueue(prefix: string, what: "all" | "waiting"): Promise<string | undefined>;
  /** A small call, past the proxy, such as a scheduler makes: how long it takes tells how the server is. */
  probe(): Promise<ServerProbe>;
}

/** A connection of the harness's own. */
export interface ServerProbe {
  /** Waits for the server to do something small. */
  ask(): Promise<void>;
  close(): void;
}

/** How long the harness itself waits for a server. */
export const LIMIT_MS = 15_000;

/** The engine on a server, past the proxy, for the last look. */
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

/** Asks a server that was silenced, ends the silence after a while, and tells how long the answer took. */
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
