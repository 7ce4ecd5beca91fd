import { inject } from "vitest";
import { holdToContract } from "./suite.ts";

holdToContract({
  name: "redis standalone",
  connection: () => inject("redisUrl"),
  schedulerConnection: () => inject("redisUrl"),
  isShared: true,
});
