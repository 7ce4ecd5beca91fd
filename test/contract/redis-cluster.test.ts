import { afterAll, beforeAll } from "vitest";
import { redisStores } from "../helpers/redis-stores.ts";
import { type RedisCluster, startRedisCluster } from "../helpers/redis-cluster.ts";
import { fleetCases } from "./fleet-cases.ts";
import { holdToContract } from "./suite.ts";

let cluster: RedisCluster | undefined;

beforeAll(async () => {
  cluster = await startRedisCluster(3);
}, 60_000);
afterAll(async () => cluster?.[Symbol.asyncDispose]());

const connection = () => ({ cluster: cluster?.nodes ?? [] });

holdToContract({
  name: "redis cluster",
  connection,
  schedulerConnection: connection,
  fleet: { connection: connection, cases: fleetCases },
  stores: redisStores(connection),
  isShared: true,
});
