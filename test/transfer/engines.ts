import { inject } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { lineLogger } from "../../src/core/log.ts";
import type { Engine } from "../../src/engine/port/engine.ts";
import { makeEngine } from "../../src/engine/open-engine.ts";

/** The kinds of engine that a state is moved between. */
export const KINDS = ["redis", "postgres", "memory"] as const;
/** A kind of engine. */
export type Kind = (typeof KINDS)[number];

/** Where one is, for `connection`. */
export function connectionOf(kind: Kind): string {
  switch (kind) {
    case "redis":
      return inject("redisUrl");
    case "postgres":
      return inject("postgresUrl");
    case "memory":
      return "memory:";
  }
}

/** An opened engine of its own. */
export async function openEngine(kind: Kind, prefix: string): Promise<Engine> {
  const engine = makeEngine({
    connection: connectionOf(kind),
    prefix,
    clock: systemClock,
    logger: lineLogger("error"),
    timeoutMs: 20_000,
  });
  await engine.open();
  return engine;
}
