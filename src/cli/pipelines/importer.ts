import { createRequire } from "node:module";
import { join } from "node:path";
import type { ModuleFile } from "./module-file.ts";

/** Imports a file. */
export type Importer = (path: string) => Promise<object>;

/**
 * What modules get from the program that loads them: this package is to be there once, whatever else is installed beside the module, and if
 * nothing is.
 */
const OURS: Readonly<Record<string, () => Promise<object>>> = {
  cronduit: () => import("../../index.ts"),
  "cronduit/tasks": () => import("../../tasks.ts"),
  "cronduit/triggers": () => import("../../triggers.ts"),
  // What a module registers has to be in the container that pipelines are built from.
  tsyringe: () => import("tsyringe"),
};
/** What pipelines need besides, for modules in a folder where nothing is installed. */
const OTHERWISE: Readonly<Record<string, () => Promise<object>>> = {
  zod: () => import("zod"),
  "reflect-metadata": async () => ({}),
};

/**
 * Imports TypeScript and JavaScript alike. Nothing is kept on the disk: a folder of compiled modules in a place where everybody may
 * write would be a way to run other code.
 */
export async function importer(files: readonly ModuleFile[], cwd: string): Promise<Importer> {
  const virtualModules: Record<string, object> = {};
  for (const [name, load] of Object.entries(OURS)) virtualModules[name] = await load();
  for (const [name, load] of Object.entries(OTHERWISE))
    if (!files.some(({ path }) => finds(path, name))) virtualModules[name] = await load();
  const { createJiti } = await import("jiti");
  const jiti = createJiti(join(cwd, "pipelines"), {
    fsCache: false,
    interopDefault: false,
    virtualModules,
  });
  return (path) => jiti.import<object>(path);
}

function finds(path: string, name: string): boolean {
  try {
    createRequire(path).resolve(name);
    return true;
  } catch {
    return false;
  }
}
