import { afterAll, inject } from "vitest";
import { connectServer } from "../../src/engine/postgres/server-database.ts";
import { PostgresArena } from "../helpers/postgres-arena.ts";
import { holdToContract } from "./suite.ts";

const connection = () => inject("postgresUrl");
const arena = new PostgresArena({
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
afterAll(() => arena[Symbol.asyncDispose]());

holdToContract({
  name: "postgres",
  connection,
  schedulerConnection: connection,
  fleetConnection: connection,
  arena,
  isShared: true,
});
