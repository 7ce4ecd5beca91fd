import { inject } from "vitest";
import { redisStores } from "../helpers/redis-stores.ts";
import { fleetCases } from "./fleet-cases.ts";
import { holdToContract } from "./suite.ts";

const connection = () => inject("redisUrl");

holdToContract({
  name: "redis standalone",
  connection,
  schedulerConnection: connection,
  fleet: { connection: connection, cases: fleetCases },
  stores: redisStores(connection),
  isShared: true,
});
