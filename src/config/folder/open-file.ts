import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, realpath, stat } from "node:fs/promises";
import { sep } from "node:path";
import { MAX_FILE_BYTES } from "../file-limits.ts";
import type { Finding } from "../file-problem.ts";
import { type Held, refusedOwner, refusedRights } from "./file-rights.ts";

/** Where a file is looked for. */
export interface FilePlace {
  readonly path: string;
  /** The folder that it must not leave; absent: it was named, and a link may lead anywhere. */
  readonly root?: string | undefined;
  /** Its folder, as it was opened. */
  readonly folder: Held;
}

/** `gone`: it is not there. `moving`: it was changed while it was read, and is to be read again. */
export type OpenedFile =
  | { readonly content: Uint8Array; readonly stamp: string }
  | { readonly finding: Finding; readonly stamp: string | undefined }
  | "gone"
  | "moving";

const CODE = {
  EACCES: "This process may not read it.",
  EPERM: "This process may not read it.",
  ELOOP: "Its symbolic links go in a circle.",
  EMFILE: "This process has too many open files.",
  ENFILE: "The system has too many open files.",
  EIO: "The disk reports an error.",
} as const satisfies Record<string, string>;

/** What the system says of a file that can't be read. */
export function unreadable(error: unknown): Finding {
  const code = codeOf(error) ?? "an unknown error";
  const known = Object.hasOwn(CODE, code) ? CODE[code as keyof typeof CODE] : undefined;
  return { code: "UNREADABLE", message: known ?? `It can't be read (${code}).` };
}

/** The system's code of an error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** Equal for one content of one file with the same rights. */
export function stampOf(of: BigIntStats): string {
  return [of.dev, of.ino, of.size, of.mtimeNs, of.ctimeNs, of.mode, of.uid].join(":");
}

/**
 * Reads a file if it may be trusted. What is looked at is what was opened: nobody can put another file in its place between
 * the look and the reading.
 * @param known The stamp that it had; a file that has it still is not opened.
 */
export async function openFile(
  place: FilePlace,
  known: string | undefined,
): Promise<OpenedFile | "same"> {
  try {
    // Before it is opened: opening a device can do something.
    const before = await stat(place.path, { bigint: true });
    const stamp = stampOf(before);
    if (stamp === known) return "same";
    if (!before.isFile()) return { finding: notAFile(before), stamp };
    const { handle, isLink } = await opened(place.path);
    try {
      return await readOpened(isLink ? place : { ...place, root: undefined }, handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (code === "ENOENT" || code === "ENOTDIR")
      return (await isLink(place.path)) ? { finding: leadsNowhere, stamp: undefined } : "gone";
    return { finding: unreadable(error), stamp: undefined };
  }
}

const leadsNowhere: Finding = {
  code: "UNREADABLE",
  message: "Its symbolic link leads nowhere.",
  hint: "Remove it, or put back what it leads to.",
};

/** A link that leads nowhere is not gone: its job must not go with what it led to. */
async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch {
    return false;
  }
}

/** A file in a folder that is no link is in that folder, whatever becomes of its name. */
async function opened(path: string): Promise<{ handle: FileHandle; isLink: boolean }> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  const flags = O_RDONLY | O_NONBLOCK;
  // Absent on Windows, where `| undefined` adds nothing.
  if ((O_NOFOLLOW as number | undefined) === undefined)
    return { handle: await open(path, flags), isLink: true };
  try {
    return { handle: await open(path, flags | O_NOFOLLOW), isLink: false };
  } catch (error) {
    if (codeOf(error) !== "ELOOP" && codeOf(error) !== "EMLINK") throw error;
    return { handle: await open(path, flags), isLink: true };
  }
}

async function readOpened(place: FilePlace, handle: FileHandle): Promise<OpenedFile> {
  const held = await handle.stat({ bigint: true });
  const stamp = stampOf(held);
  if (!held.isFile()) return { finding: notAFile(held), stamp };
  const finding =
    (await leaving(place, held)) ??
    refusedRights(held, "file", place.path) ??
    refusedOwner(held, place.folder);
  if (finding === "moving") return finding;
  if (finding) return { finding, stamp };
  const content = await readUpTo(handle, MAX_FILE_BYTES + 1);
  const after = await handle.stat({ bigint: true });
  return stampOf(after) === stamp ? { content, stamp } : "moving";
}

/** Whether what was opened lies outside of the folder that it is in. */
async function leaving(
  { path, root }: FilePlace,
  held: BigIntStats,
): Promise<Finding | "moving" | undefined> {
  if (root === undefined) return undefined;
  const [target, real] = [await realpath(path), await realpath(root)];
  const there = await stat(target, { bigint: true });
  if (there.dev !== held.dev || there.ino !== held.ino) return "moving";
  if (target.startsWith(real.endsWith(sep) ? real : `${real}${sep}`)) return undefined;
  return {
    code: "OUTSIDE_FOLDER",
    message: "A symbolic link leads out of the folder.",
    hint: "Copy the file into the folder.",
  };
}

/** Reads so many bytes at most; a file may grow while it is read. */
async function readUpTo(handle: FileHandle, most: number): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  while (length < most) {
    const part = Buffer.allocUnsafe(Math.min(65_536, most - length));
    const { bytesRead } = await handle.read(part, 0, part.length, null);
    if (bytesRead === 0) break;
    parts.push(part.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(parts);
}

function notAFile(found: BigIntStats): Finding {
  const kind = found.isDirectory()
    ? "a folder"
    : found.isFIFO()
      ? "a pipe"
      : found.isSocket()
        ? "a socket"
        : "a device";
  return { code: "NOT_A_FILE", message: `It is ${kind}, not a file.` };
}
