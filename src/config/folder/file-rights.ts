import type { BigIntStats } from "node:fs";
import type { Finding } from "../file-problem.ts";

const GROUP_WRITES = 0o020n;
const OTHERS_WRITE = 0o002n;
const STICKY = 0o1000n;

/** What is looked at to say who may change a file: its mode, and its owner. */
export type Held = Pick<BigIntStats, "mode" | "uid">;

/** Systems without users and modes as Unix has them tell nothing by these. */
const hasModes = process.getuid !== undefined;

/**
 * Whether others than its owner and root may write a file or a folder: whoever can declares jobs, and so runs programs as
 * whoever runs the workers.
 * @param what `file`, `folder`; `parent`: the folder of a file that is named, where files of others can't be replaced if it is sticky.
 */
export function refusedRights(
  { mode }: Held,
  what: "file" | "folder" | "parent",
  path: string,
): Finding | undefined {
  if (!hasModes || (what === "parent" && (mode & STICKY) !== 0n)) return undefined;
  const open = mode & (GROUP_WRITES | OTHERS_WRITE);
  if (open === 0n) return undefined;
  const who = (open & OTHERS_WRITE) === 0n ? "Its group" : "Everybody";
  const thing = what === "file" ? "file" : "folder";
  return {
    code: "WRITABLE_BY_OTHERS",
    message: `${who} may write this ${thing} (mode ${(mode & 0o7777n).toString(8).padStart(4, "0")}), and whoever does runs programs here.`,
    hint: `Run: chmod go-w ${quoted(path)}`,
  };
}

/** Whether a file belongs to somebody who has no business there. @param folder That of the file. */
export function refusedOwner({ uid }: Held, folder: Held): Finding | undefined {
  const reader = process.geteuid?.();
  if (reader === undefined || uid === 0n || uid === BigInt(reader) || uid === folder.uid)
    return undefined;
  return {
    code: "FOREIGN_OWNER",
    message: `The file belongs to user ${uid}, who is neither root, nor the folder's owner, nor who reads it.`,
    hint: "Give it to the folder's owner, by chown.",
  };
}

/** A path as a shell reads it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
