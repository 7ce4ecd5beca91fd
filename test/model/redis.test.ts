import { inject } from "vitest";
import { openRedis } from "./place.ts";
import { compareWithModel } from "./property.ts";

compareWithModel({
  name: "redis",
  open: (options) => openRedis("redis", inject("redisUrl"), options),
  runs: 400,
});
