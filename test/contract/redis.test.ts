import { inject } from "vitest";
import { holdToContract } from "./suite.ts";

holdToContract({
  name: "redis",
  connection: () => inject("redisUrl"),
  schedulerConnection: () => inject("redisUrl"),
  isShared: true,
});
