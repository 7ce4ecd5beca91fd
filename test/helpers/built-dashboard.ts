import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { isNeeded } from "./is-needed.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The dashboard as it is published. */
    dashboardFiles: string;
  }
}

/** vitest's global set-up: builds the dashboard for the tests that look at it in a browser. */
export default async function setup(project: TestProject): Promise<(() => void) | undefined> {
  if (!(await isNeeded(project, "browser"))) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "cronduit-dashboard-"));
  // In a process of its own, since it is built for production.
  execFileSync(process.execPath, ["scripts/build-dashboard.mjs", folder], { stdio: "inherit" });
  project.provide("dashboardFiles", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
