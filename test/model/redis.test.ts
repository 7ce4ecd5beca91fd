import { inject } from "vitest";
import { openRedis } from "./redis-place.ts";
import { compareWithReference } from "./property.ts";

compareWithReference({
  name: "redis",
  open: (options) => openRedis("redis", inject("redisUrl"), options),
  runs: 400,
});
