const NUMBER = /^\d{1,15}$/;
/** Before the first event of any engine's log. */
const BEGINNING = "0-0";

/** Reads a position in a log whose entries are numbered; `undefined` for one of another kind of log. */
export function entryNumberOf(cursor: string): number | undefined {
  if (cursor === BEGINNING) return 0;
  return NUMBER.test(cursor) ? Number(cursor) : undefined;
}

/** Whether a position is behind another; `undefined` unless both are of a log whose entries are numbered. */
export function isLaterEntry(cursor: string, of: string): boolean | undefined {
  const [a, b] = [entryNumberOf(cursor), entryNumberOf(of)];
  return a === undefined || b === undefined ? undefined : a > b;
}
