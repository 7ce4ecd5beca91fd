import type { Call } from "../call.ts";

/** Writes a whole list: as its answer, an item a line, or for people. */
export function writeList(
  call: Call,
  answer: { readonly items: readonly unknown[] },
  table: () => readonly string[],
): void {
  if (call.output === "ndjson") for (const item of answer.items) call.printJson(item);
  else if (call.output === "json") call.printJson(answer);
  else if (answer.items.length > 0) call.print(...table());
}

/** Items as the last page of a list. */
export function wholeList<T>(items: readonly T[]): {
  readonly items: readonly T[];
  readonly nextCursor: null;
} {
  return { items, nextCursor: null };
}
