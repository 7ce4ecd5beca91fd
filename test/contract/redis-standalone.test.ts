import { inject } from "vitest";
import { redisStores } from "../helpers/test-stores.ts";
import { holdToContract } from "./suite.ts";

const connection = () => inject("redisUrl");

holdToContract({
  name: "redis standalone",
  connection,
  schedulerConnection: connection,
  fleetConnection: connection,
  stores: redisStores(connection),
  isShared: true,
});
