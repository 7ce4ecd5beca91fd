import { Cluster, type Redis } from "ioredis";
import { unsupportedLibrary } from "../../core/unsupported-library.ts";
import type { RedisClient } from "./redis-client.ts";
import { answerInfo } from "./server-info.ts";
import { fixSocketTimer } from "./socket-timer.ts";

/**
 * Applies our workarounds for ioredis and BullMQ to a client, to each node of a Cluster, and to every duplicate: BullMQ makes
 * one for the command that blocks.
 * @throws {@link CronduitError} `UNSUPPORTED_LIBRARY`
 */
export function applyWorkarounds<C extends RedisClient>(client: C): C {
  if (client instanceof Cluster) {
    answerInfo(client);
    fixClusterConnect(client);
    for (const node of client.nodes()) fixNode(node);
    client.on("+node", fixNode);
  } else {
    fixNode(client);
  }
  const duplicate = client.duplicate.bind(client) as (...args: unknown[]) => RedisClient;
  Reflect.set(client, "duplicate", (...args: unknown[]) => applyWorkarounds(duplicate(...args)));
  return client;
}

/**
 * When a Cluster turns out not to be ready once connected, it is tried again, and the promise of the first try never settles
 * (ioredis 5.11). BullMQ's worker waits for it: a master that hung for some seconds stopped workers for good.
 */
function fixClusterConnect(cluster: Cluster): void {
  const connect = cluster.connect.bind(cluster);
  cluster.connect = () =>
    new Promise<void>((resolve, reject) => {
      const forget = (): void => void cluster.off("ready", onReady).off("end", onEnd);
      const onReady = (): void => {
        forget();
        resolve();
      };
      const onEnd = (): void => {
        // The event of an earlier end may arrive only now.
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

function fixNode(node: Redis): void {
  fixSocketTimer(node);
  answerInfo(node);
  forgetArguments(node);
  if (node.options.sentinels) quietSentinels(node);
}

/**
 * ioredis gives the error of a refused command its arguments: the password of AUTH, and params of jobs. Loggers print an error's
 * fields, too.
 */
function forgetArguments(node: Redis): void {
  const handle: unknown = Reflect.get(node, "handleReconnection");
  if (typeof handle !== "function")
    throw unsupportedLibrary("ioredis", "has no handleReconnection() in its client");
  Reflect.set(node, "handleReconnection", (error: object, ...args: unknown[]): unknown => {
    Reflect.deleteProperty(Object(Reflect.get(error, "command")) as object, "args");
    return Reflect.apply(handle, node, [error, ...args]);
  });
}

/** A Sentinel that is down is one of several; without a listener ioredis prints its stack on standard error. */
function quietSentinels(client: Redis): void {
  const connector = Object(Reflect.get(client, "connector")) as object;
  const connect: unknown = Reflect.get(connector, "connectToSentinel");
  if (typeof connect !== "function")
    throw unsupportedLibrary("ioredis", "has no connectToSentinel() in its Sentinel connector");
  Reflect.set(connector, "connectToSentinel", (...args: unknown[]) => {
    const sentinel = Reflect.apply(connect, connector, args) as Redis;
    return sentinel.on("error", () => undefined);
  });
}
