import { afterAll } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { openEmbedded } from "../../src/engine/embedded/embedded-database.ts";
import { PostgresArena } from "../helpers/postgres-arena.ts";
import { holdToContract } from "./suite.ts";

const connection = () => undefined;
const arena = new PostgresArena({
  reach: "one",
  connection,
  connect: (schema) => openEmbedded(undefined, schema, systemClock),
});
afterAll(() => arena[Symbol.asyncDispose]());

holdToContract({
  name: "embedded memory",
  connection,
  schedulerConnection: connection,
  arena,
  isShared: false,
});
