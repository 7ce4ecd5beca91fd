import { Cluster, type Redis } from "ioredis";
import type { RedisClient } from "./redis-client.ts";
import { answerInfo } from "./server-info.ts";
import { mendSocketTimer } from "./socket-timer.ts";

/**
 * Mends what ioredis and BullMQ do not do as we need it, in a client, in each node of a Cluster, and in every copy:
 * BullMQ makes one for the command that blocks.
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
 * A Cluster that is found to be not ready once it is connected to is tried again, and the promise of the first try then
 * never ends (ioredis 5.11). BullMQ's worker waits for it: a master that hung for some seconds stopped workers for good.
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
        // The end that came before may be told only now.
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

/** A Sentinel that is down is one of several; without a listener ioredis prints its stack on standard error. */
function quietSentinels(client: Redis): void {
  const connector = Reflect.get(client, "connector") as object;
  const connect: unknown = Reflect.get(connector, "connectToSentinel");
  if (typeof connect !== "function") return;
  Reflect.set(connector, "connectToSentinel", (...args: unknown[]) => {
    const sentinel = Reflect.apply(connect, connector, args) as Redis;
    return sentinel.on("error", () => undefined);
  });
}
