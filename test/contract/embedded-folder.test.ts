import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { openEmbedded } from "../../src/engine/embedded/embedded-database.ts";
import { PostgresArena } from "../helpers/postgres-arena.ts";
import { holdToContract } from "./suite.ts";

const root = mkdtempSync(join(tmpdir(), "cronduit-embedded-"));
const schedulerConnection = () => `embedded://${join(root, "scheduler")}`;
let grounds = 0;
const arena = new PostgresArena({
  reach: "one after another",
  connection: schedulerConnection,
  connect: (schema) => openEmbedded(join(root, `ground-${(grounds += 1)}`), schema, systemClock),
});
afterAll(async () => {
  await arena[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

holdToContract({
  name: "embedded folder",
  connection: () => `embedded://${join(root, "port")}`,
  schedulerConnection,
  fleetConnection: () => `embedded://${join(root, "fleet")}`,
  arena,
  isShared: false,
});
