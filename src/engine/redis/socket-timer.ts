import { Cluster, type Redis } from "ioredis";
import type { RedisClient } from "./redis-client.ts";

/**
 * Mends two faults of ioredis' `socketTimeout` (5.11), which we need so that a silently cut connection is noticed. Its
 * timer keeps a process alive for the whole timeout after the connection was closed; and when it fires then, it
 * destroys the connection that has taken the place of the one it watched. Goes for every copy of the client too:
 * BullMQ makes one for the command that blocks.
 */
export function mendSocketTimer<C extends RedisClient>(client: C): C {
  if (client instanceof Cluster) {
    for (const node of client.nodes()) mendNode(node);
    client.on("+node", mendNode);
  } else {
    mendNode(client);
  }
  const duplicate: unknown = Reflect.get(client, "duplicate");
  if (typeof duplicate === "function") {
    Reflect.set(client, "duplicate", (...args: unknown[]) =>
      mendSocketTimer(Reflect.apply(duplicate, client, args) as RedisClient),
    );
  }
  return client;
}

function mendNode(node: Redis): void {
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
