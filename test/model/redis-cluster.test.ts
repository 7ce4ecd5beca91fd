import { type RedisCluster, startRedisCluster } from "../helpers/redis-cluster.ts";
import { openRedis } from "./redis-place.ts";
import { compareWithReference } from "./property.ts";

let cluster: RedisCluster | undefined;

compareWithReference({
  name: "redis cluster",
  async prepare() {
    cluster = await startRedisCluster(3);
    return cluster;
  },
  open: (options) => openRedis("redis cluster", { cluster: cluster?.nodes ?? [] }, options),
  runs: 100,
});
