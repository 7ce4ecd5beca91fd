import { Cluster, type Redis } from "ioredis";
import type { RedisClient } from "./redis-client.ts";
import { answerInfo } from "./server-info.ts";
import { mendSocketTimer } from "./socket-timer.ts";

/**
 * Applies the workarounds for ioredis and BullMQ to a client, to each node of a Cluster, and to every copy: BullMQ makes one
 * for its blocking command.
 */
export function mend<C extends RedisClient>(client: C): C {
  if (client instanceof Cluster) {
    answerInfo(client);
    mendClusterConnect(client);
    for (const node of client.nodes()) mendNode(node);
    client.on("+node", mendNode);
  } else {
    mendNode(client);
  }
  const duplicate: unknown = Reflect.get(client, "duplicate");
  if (typeof duplicate === "function") {
    Reflect.set(client, "duplicate", (...args: unknown[]) =>
      mend(Reflect.apply(duplicate, client, args) as RedisClient),
    );
  }
  return client;
}

/**
 * If a Cluster is connected but not ready, ioredis (5.11) retries, and the promise of the first try never settles. BullMQ's
 * worker waits for it: a master that hung for some seconds stopped workers for good.
 */
function mendClusterConnect(cluster: Cluster): void {
  const connect = cluster.connect.bind(cluster);
  cluster.connect = () =>
    new Promise<void>((resolve, reject) => {
      const forget = (): void => void cluster.off("ready", onReady).off("end", onEnd);
      const onReady = (): void => {
        forget();
        resolve();
      };
      const onEnd = (): void => {
        // The `end` event of the first try may arrive only now.
        if (cluster.status !== "end") return;
        forget();
        reject(new Error("Connection is closed."));
      };
      cluster.on("ready", onReady).on("end", onEnd);
      connect().then(onReady, (error: unknown) => {
        forget();
        reject(error);
      });
    });
}

function mendNode(node: Redis): void {
  mendSocketTimer(node);
  answerInfo(node);
  quietSentinels(node);
}

/** One Sentinel of several may be down; without a listener ioredis prints the stack on standard error. */
function quietSentinels(client: Redis): void {
  const connector = Reflect.get(client, "connector") as object;
  const connect: unknown = Reflect.get(connector, "connectToSentinel");
  if (typeof connect !== "function") return;
  Reflect.set(connector, "connectToSentinel", (...args: unknown[]) => {
    const sentinel = Reflect.apply(connect, connector, args) as Redis;
    return sentinel.on("error", () => undefined);
  });
}
