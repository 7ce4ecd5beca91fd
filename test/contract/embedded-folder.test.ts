import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { holdToContract } from "./suite.ts";

const root = mkdtempSync(join(tmpdir(), "cronduit-embedded-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

holdToContract({
  name: "embedded folder",
  connection: () => `embedded://${join(root, "port")}`,
  schedulerConnection: () => `embedded://${join(root, "scheduler")}`,
  isShared: false,
});
