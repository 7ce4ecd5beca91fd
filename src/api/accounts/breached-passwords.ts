import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { CronduitError } from "../../core/errors.ts";
import { shown } from "../../core/shown.ts";

/** Bytes of a hash in hexadecimal. */
const HASH = 40;
/** Longer than any line: hash, colon, count. */
const LINE = 64;

/** Says whether a password is known to have been leaked. */
export type BreachedPasswords = (password: string) => boolean | Promise<boolean>;

/**
 * Looks passwords up in a file of SHA-1 hashes, one a line and in order, as haveibeenpwned.com gives them to download
 * (`HASH:count`, ordered by hash). Nothing is sent anywhere, and the file is not read as a whole: some 30 reads for each password.
 * @throws {@link CronduitError} `INVALID_OPTION` if it is no file
 */
export function breachedPasswordsIn(path: string): BreachedPasswords {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new CronduitError(
      "INVALID_OPTION",
      `breachedPasswordsIn: ${shown(path)} is no file. Download the hashes, ordered by hash, with the tool of haveibeenpwned.com.`,
      { data: { path: "path" } },
    );
  return async (password) => {
    const hash = createHash("sha1").update(password).digest("hex").toUpperCase();
    const file = await open(path);
    try {
      return await isIn(file, hash, (await file.stat()).size);
    } finally {
      await file.close();
    }
  };
}

/** Halves the file until the first line is found that is not before the hash. */
async function isIn(file: FileHandle, hash: string, size: number): Promise<boolean> {
  let [from, to] = [0, size];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const line = await lineFrom(file, middle);
    if (line !== undefined && line.hash < hash) from = line.start + 1;
    else to = middle;
  }
  return (await lineFrom(file, from))?.hash === hash;
}

/** The first line that begins at this byte or after it. */
async function lineFrom(
  file: FileHandle,
  position: number,
): Promise<{ readonly start: number; readonly hash: string } | undefined> {
  // With the byte before, so that a line that begins right here is seen to do so.
  const begin = Math.max(0, position - 1);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(LINE + HASH), 0, LINE + HASH, begin);
  const text = buffer.toString("latin1", 0, bytesRead);
  const at = position === 0 ? 0 : text.indexOf("\n") + 1;
  const hash = text.slice(at, at + HASH).toUpperCase();
  if (position > 0 && at === 0) return undefined;
  return hash.length === HASH ? { start: begin + at, hash } : undefined;
}
