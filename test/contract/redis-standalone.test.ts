import { inject } from "vitest";
import { redisArena } from "../helpers/arena.ts";
import { holdToContract } from "./suite.ts";

const connection = () => inject("redisUrl");

holdToContract({
  name: "redis standalone",
  connection,
  schedulerConnection: connection,
  fleetConnection: connection,
  arena: redisArena(connection),
  isShared: true,
});
