import { suggest } from "../../core/suggest.ts";
import type { Problems } from "../file-problem.ts";
import { keySpan, nodeAt, type Path, type PlaceNode, valueSpan } from "../source/place-tree.ts";
import type { SourceText, Span } from "../source/source-text.ts";

/** An object of a file that is a job. */
export interface WrittenJob {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly path: Path;
  readonly places: PlaceNode;
  readonly source: SourceText;
  readonly problems: Problems;
}

/** Whether it is an object of a file. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Where a key of a job stands. */
export function spanOfKey({ places, path }: WrittenJob, ...keys: Path): Span {
  return keySpan(places, [...path, ...keys]);
}

/** Where a value of a job stands; of one that isn't there, the job. */
export function spanOfValue({ places, path }: WrittenJob, ...keys: Path): Span {
  return valueSpan(places, [...path, ...keys]);
}

/** Whether the job has this key. */
export function isWritten({ places, path }: WrittenJob, ...keys: Path): boolean {
  return nodeAt(places, [...path, ...keys]).isWhole;
}

/**
 * The part of a text in quotes that begins at a column, if its characters are those of the file: one without escapes, in one
 * line.
 */
export function spanInside(
  { text }: SourceText,
  span: Span,
  { value, column, length }: { value: unknown; column: number; length?: number | undefined },
): Span {
  const inside = text.slice(span.start + 1, span.end - 1);
  if (inside !== value || inside.includes("\n") || column < 1 || column > inside.length)
    return span;
  const start = span.start + column;
  const token = /^[^\s,"']+/.exec(inside.slice(column - 1))?.[0].length ?? 1;
  return { start, end: Math.min(start + (length ?? token), span.end - 1) };
}

/** Refuses a key that isn't known. */
export function unknownKey(
  problems: Problems,
  span: Span,
  { key, known, meant }: { key: string; known: readonly string[]; meant?: string | undefined },
): void {
  const near = meant ?? suggest(key, known);
  problems.add(span, {
    code: "UNKNOWN_KEY",
    message: `There is no key ${JSON.stringify(key.slice(0, 64))} here.`,
    hint: near === undefined ? `Allowed: ${listed(known)}.` : `Did you mean "${near}"?`,
  });
}

function listed(names: readonly string[]): string {
  const most = 12;
  return names.length <= most ? names.join(", ") : `${names.slice(0, most).join(", ")}, …`;
}
