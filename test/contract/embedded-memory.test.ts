import { afterAll } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { openEmbedded } from "../../src/engine/embedded/embedded-database.ts";
import { PostgresStores } from "../helpers/postgres-stores.ts";
import { holdToContract } from "./suite.ts";

const connection = () => undefined;
const stores = new PostgresStores({
  reach: "one",
  connection,
  connect: (schema) => openEmbedded(undefined, schema, systemClock),
});
afterAll(() => stores[Symbol.asyncDispose]());

holdToContract({
  name: "embedded memory",
  connection,
  schedulerConnection: connection,
  stores,
  isShared: false,
});
