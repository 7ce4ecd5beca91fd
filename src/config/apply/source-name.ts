import { z } from "zod";

/** The name of a source of job files. */
export const sourceNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "is not the name of a source")
  .meta({
    allowed: "a string of 1 to 64 letters, digits and _ . -, the first a letter or a digit",
  });

/** The source of the jobs that files of a source declare, as their definitions have it. */
export function jobSourceOf(source: string): string {
  return `file:${source}`;
}

/** Before the keys of the accepted sets of all sources. */
export const ACCEPTED_PREFIX = "files/accepted/";
/** Before the keys of the sets that were refused. */
export const REJECTED_PREFIX = "files/rejected/";
/** Before the keys of what all processes read. */
export const READER_PREFIX = "files/reader/";

/** The key of a source's accepted set. */
export function acceptedKey(source: string): string {
  return `${ACCEPTED_PREFIX}${source}`;
}

/** Before the keys of the pieces of a source's accepted sets. */
export function piecePrefix(source: string): string {
  return `files/piece/${source}/`;
}

/** The key of a source's last refused set. */
export function rejectedKey(source: string): string {
  return `${REJECTED_PREFIX}${source}`;
}

/** Before the keys of what the processes read that read a source. */
export function readerPrefix(source: string): string {
  return `${READER_PREFIX}${source}/`;
}
