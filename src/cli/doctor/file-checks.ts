import { chmodSync, existsSync, lstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Gatherer } from "../../config/folder/gatherer.ts";
import { describeProblem } from "../../config/watch/files-outcome.ts";
import { counted } from "../../core/counted.ts";
import type { Call } from "../call.ts";
import { folderOf } from "../connect/folder-of.ts";
import { DEFAULT_JOBS_DIR, fileSettings } from "../daemon/file-settings.ts";

/** How something on this machine is; the rest is the API's to say. */
export interface LocalCheck {
  readonly check: "files" | "rights";
  readonly level: "good" | "warning" | "problem";
  readonly text: string;
  readonly canFix: boolean;
}

const MOST = 10;
const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
const REFUSED = "WRITABLE_BY_OTHERS";

/** The files that the settings name, and the folder of the state, if they are on this machine. */
export async function checkFiles(call: Call): Promise<LocalCheck[]> {
  const set = await readFiles(call);
  const folder = stateFolder(call);
  const checks: LocalCheck[] = [];
  if (folder !== undefined && isOpen(folder))
    checks.push({
      check: "rights",
      level: "warning",
      text: `others may enter ${folder}, which has the state. Run: chmod 700 ${folder}`,
      canFix: isOwn(folder),
    });
  if (!set) return checks;
  if (set.isValid)
    checks.push({
      check: "files",
      level: "good",
      text: `${counted(set.jobs.length, "job")} in valid files`,
      canFix: false,
    });
  for (const problem of set.problems.slice(0, MOST))
    checks.push({
      check: problem.code === REFUSED ? "rights" : "files",
      level: problem.severity === "error" ? "problem" : "warning",
      text: describeProblem(problem),
      canFix: problem.code === REFUSED && writableAt(problem.file).some(isOwn),
    });
  return checks;
}

/** Takes from others the right to write job files, and to enter the folder of the state. @returns how many were changed */
export async function mendFiles(call: Call): Promise<number> {
  const folder = stateFolder(call);
  let count = 0;
  if (folder !== undefined && isOpen(folder) && isOwn(folder)) {
    chmodSync(folder, 0o700);
    count += 1;
  }
  const set = await readFiles(call);
  const refused = set?.problems.filter(({ code }) => code === REFUSED) ?? [];
  for (const path of new Set(refused.flatMap(({ file }) => writableAt(file).filter(isOwn)))) {
    chmodSync(path, statSync(path).mode & 0o7777 & ~OTHERS_WRITE);
    count += 1;
  }
  return count;
}

async function readFiles({ read, io }: Call) {
  const usual = existsSync(DEFAULT_JOBS_DIR) ? DEFAULT_JOBS_DIR : undefined;
  const { config, jobsDirs = [], crontabs } = fileSettings(read, io, usual);
  if (config === undefined && jobsDirs.length + (crontabs?.length ?? 0) === 0) return undefined;
  return (await new Gatherer({ config, jobsDirs, crontabs }).gather()).set;
}

function stateFolder({ read, io }: Call): string | undefined {
  const { connection } = read.values;
  const folder = connection === undefined ? undefined : folderOf(connection, io.cwd);
  return folder !== undefined && existsSync(folder) ? folder : undefined;
}

/** A file that others may write, or its folder. */
function writableAt(file: string): string[] {
  return [file, dirname(file)].filter((path) => {
    const found = existsSync(path) ? lstatSync(path) : undefined;
    return found !== undefined && !found.isSymbolicLink() && (found.mode & OTHERS_WRITE) !== 0;
  });
}

function isOpen(folder: string): boolean {
  return process.getuid !== undefined && (statSync(folder).mode & OTHERS) !== 0;
}

function isOwn(path: string): boolean {
  return statSync(path).uid === process.getuid?.();
}
