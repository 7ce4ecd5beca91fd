import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where each engine's suite leaves the number of its cases. */
    contractFolder: string;
  }
}

/** Notes how many cases of the contract passed on an engine. */
export function noteCases(folder: string, engine: string, passed: number, cases: number): void {
  writeFileSync(join(folder, engine.replaceAll(" ", "-")), `${engine} ${passed}/${cases}`);
}

/** vitest's global set-up: prints at the end how many cases ran on each engine. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "cronduit-contract-"));
  project.provide("contractFolder", folder);
  return () => {
    const lines = readdirSync(folder).toSorted();
    const parts = lines.map((name) => readFileSync(join(folder, name), "utf8"));
    rmSync(folder, { recursive: true });
    if (parts.length > 0) console.log(`contract (cases passed/run): ${parts.join(", ")}`);
  };
}
