import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { openEmbedded } from "../../src/engine/embedded/embedded-database.ts";
import { PostgresStores } from "../helpers/postgres-stores.ts";
import { fleetCases } from "./fleet-cases.ts";
import { holdToContract } from "./suite.ts";

const root = mkdtempSync(join(tmpdir(), "cronduit-embedded-"));
const schedulerConnection = () => `embedded://${join(root, "scheduler")}`;
let made = 0;
const stores = new PostgresStores({
  reach: "one after another",
  connection: schedulerConnection,
  connect: (schema) => openEmbedded(join(root, `store-${(made += 1)}`), schema, systemClock),
});
afterAll(async () => {
  await stores[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

holdToContract({
  name: "embedded folder",
  connection: () => `embedded://${join(root, "port")}`,
  schedulerConnection,
  fleet: { connection: () => `embedded://${join(root, "fleet")}`, cases: fleetCases },
  stores,
  isShared: false,
});
