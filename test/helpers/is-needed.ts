import type { TestProject } from "vitest/node";
import { type Need, needsOf } from "../tiers.ts";

/** Whether one of the test files that were asked for needs this; all may, where it is not known which were. */
export async function isNeeded(project: TestProject, need: Need): Promise<boolean> {
  // vitest's types leave it out.
  const { filenamePattern } = project.vitest as { readonly filenamePattern?: string[] };
  if (project.config.watch || filenamePattern === undefined) return true;
  const { testFiles } = await project.globTestFiles(filenamePattern);
  return testFiles.length === 0 || testFiles.some((path) => needsOf(path).has(need));
}
