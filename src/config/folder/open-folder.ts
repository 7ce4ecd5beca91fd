import { constants } from "node:fs";
import { open, opendir, stat } from "node:fs/promises";
import { MAX_FILES } from "../file-limits.ts";
import type { Finding } from "../file-problem.ts";
import { type Held, refusedRights } from "./file-rights.ts";
import { codeOf, unreadable } from "./open-file.ts";

/** Names looked at in a folder; more are mostly something else than job files. */
const MOST_NAMES = 200_000;

/** A folder that may be trusted, as it was opened, with the names in it; or what is wrong. */
export type OpenedFolder =
  | {
      readonly held: Held;
      /** Equal as long as it is the same folder. */
      readonly identity: string;
      readonly names: readonly string[];
      /** Folders in it, which are not read. */
      readonly folders: readonly string[];
    }
  | { readonly finding: Finding };

/**
 * Opens a folder and lists what in it may be a job file: what ends in `.json` or `.toml`, but for hidden files. What editors
 * leave beside a file ends otherwise.
 * @param as `parent`: files of it are named.
 * @param isListed Whether the names in it are wanted.
 */
export async function openFolder(
  path: string,
  as: "folder" | "parent",
  isListed = as === "folder",
): Promise<OpenedFolder> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
    try {
      const held = await handle.stat({ bigint: true });
      if (!held.isDirectory()) return { finding: notAFolder() };
      const finding = refusedRights(held, as, path);
      if (finding) return { finding };
      const identity = `${held.dev}:${held.ino}`;
      if (!isListed) return { held, identity, names: [], folders: [] };
      const listed = await list(path);
      // The names are listed by its path, which may be another folder by now.
      const there = await stat(path, { bigint: true });
      if (`${there.dev}:${there.ino}` !== identity) return { finding: missing() };
      return { held, identity, ...listed };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (code === "ENOENT") return { finding: missing() };
    return { finding: code === "ENOTDIR" ? notAFolder() : unreadable(error) };
  }
}

/** Whether a name in a folder of job files is one of those. */
export function isJobFileName(name: string): boolean {
  return /^[^.].*\.(?:json|toml)$/s.test(name) && !/\p{Cc}/u.test(name);
}

async function list(path: string): Promise<{ names: string[]; folders: string[] }> {
  const names: string[] = [];
  const folders: string[] = [];
  let seen = 0;
  for await (const entry of await opendir(path, { bufferSize: 1_024 })) {
    seen += 1;
    if (entry.isDirectory()) {
      if (!entry.name.startsWith(".")) folders.push(entry.name);
    } else if (isJobFileName(entry.name)) names.push(entry.name);
    // What is above the limit of a set is refused by then.
    if (names.length > MAX_FILES || seen > MOST_NAMES) break;
  }
  return { names, folders };
}

function missing(): Finding {
  return {
    code: "MISSING_FOLDER",
    message: "There is no such folder.",
    hint: "Make it; an empty one declares no jobs.",
  };
}

function notAFolder(): Finding {
  return { code: "NOT_A_FILE", message: "It is no folder." };
}
