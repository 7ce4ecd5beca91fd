import type { Redis } from "ioredis";

/**
 * Works around two bugs of ioredis' `socketTimeout` (5.11), which we need to notice a silently cut connection. Its timer keeps
 * the process alive for the whole timeout after the connection is closed; and when it fires then, it destroys the connection
 * that has replaced the one it watched.
 */
export function mendSocketTimer(node: Redis): void {
  const arm: unknown = Reflect.get(node, "setSocketTimeout");
  if (typeof arm !== "function") return;
  const timerOf = (): NodeJS.Timeout | undefined =>
    Reflect.get(node, "socketTimeoutTimer") as NodeJS.Timeout | undefined;
  Reflect.set(node, "setSocketTimeout", () => {
    Reflect.apply(arm, node, []);
    timerOf()?.unref();
  });
  node.on("close", () => {
    clearTimeout(timerOf());
    Reflect.set(node, "socketTimeoutTimer", undefined);
  });
}
