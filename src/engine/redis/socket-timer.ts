import type { Redis } from "ioredis";
import { unsupportedLibrary } from "../../core/unsupported-library.ts";

/**
 * Works around two bugs of ioredis' `socketTimeout` (5.11), which we need to notice a silently cut connection. Its timer keeps
 * a process alive for the whole timeout after the connection was closed; and when it fires then, it destroys the connection
 * that replaced the one it watched.
 * @throws {@link CronduitError} `UNSUPPORTED_LIBRARY`
 */
export function fixSocketTimer(node: Redis): void {
  const arm: unknown = Reflect.get(node, "setSocketTimeout");
  if (typeof arm !== "function" || !setsTimer(arm))
    throw unsupportedLibrary("ioredis", "has no setSocketTimeout() that sets socketTimeoutTimer");
  Reflect.set(node, "setSocketTimeout", () => {
    Reflect.apply(arm, node, []);
    timerOf(node)?.unref();
  });
  node.on("close", () => {
    clearTimeout(timerOf(node));
    Reflect.set(node, "socketTimeoutTimer", undefined);
  });
}

function timerOf(node: object): NodeJS.Timeout | undefined {
  return Reflect.get(node, "socketTimeoutTimer") as NodeJS.Timeout | undefined;
}

/** Tries it on an object that has what a connected client has. */
function setsTimer(arm: CallableFunction): boolean {
  const probe = { options: { socketTimeout: 60_000 }, stream: { once: () => undefined } };
  Reflect.apply(arm, probe, []);
  const timer = timerOf(probe);
  clearTimeout(timer);
  return timer !== undefined;
}
