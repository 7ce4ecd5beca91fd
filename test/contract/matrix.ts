import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where each engine's suite leaves the number of its cases. */
    contractFolder: string;
  }
}

/** Every engine that is held to the contract, as the matrix line names it. */
export const TESTED_ENGINES = [
  "redis standalone",
  "redis cluster",
  "postgres",
  "memory",
  "embedded folder",
] as const;

/** One of {@link TESTED_ENGINES}. */
export type TestedEngineName = (typeof TESTED_ENGINES)[number];

const fileOf = (name: string): string => name.replaceAll(" ", "-");

/** Notes how many cases of the contract passed on an engine. */
export function noteCases(
  folder: string,
  name: TestedEngineName,
  passed: number,
  cases: number,
): void {
  writeFileSync(join(folder, fileOf(name)), `${passed}/${cases}`);
}

/** The matrix line: every engine, also one that was not asked for in this run. */
export function matrixLine(folder: string): string {
  const parts = TESTED_ENGINES.map((name) => {
    const path = join(folder, fileOf(name));
    return `${name} ${existsSync(path) ? readFileSync(path, "utf8") : "not run"}`;
  });
  return `contract (cases passed/run): ${parts.join(", ")}`;
}

/** vitest's global set-up: prints at the end how many cases ran on each engine. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "cronduit-contract-"));
  project.provide("contractFolder", folder);
  return () => {
    if (readdirSync(folder).length > 0) console.log(matrixLine(folder));
    rmSync(folder, { recursive: true });
  };
}
