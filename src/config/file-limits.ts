/** Largest file, in bytes. */
export const MAX_FILE_BYTES = 1_048_576;
/** Most files of a set. */
export const MAX_FILES = 10_000;
/** Most jobs of a set. */
export const MAX_JOBS = 100_000;
/** Deepest nesting of tables, objects and lists. */
export const MAX_DEPTH = 32;
/** Most problems that are told of one file; somebody who mends these sees the others. */
export const MAX_PROBLEMS = 100;
/** Longest command or text of a script, in characters. */
export const MAX_COMMAND = 65_536;
