import { afterAll, inject } from "vitest";
import { connectServer } from "../../src/engine/postgres/server-database.ts";
import { PostgresStores } from "../helpers/postgres-stores.ts";
import { fleetCases } from "./fleet-cases.ts";
import { holdToContract } from "./suite.ts";

const connection = () => inject("postgresUrl");
const stores = new PostgresStores({
  reach: "many",
  connection,
  connect: (schema) =>
    connectServer({
      url: connection(),
      schema: schema,
      timeoutMs: 20_000,
      onError: (error) => console.error(error),
    }),
});
afterAll(() => stores[Symbol.asyncDispose]());

holdToContract({
  name: "postgres",
  connection,
  schedulerConnection: connection,
  fleet: { connection: connection, cases: fleetCases },
  stores,
  isShared: true,
});
