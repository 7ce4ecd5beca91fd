import type { Call } from "../../call.ts";
import { harmless } from "../../output/harmless.ts";
import { type FilesHere, near } from "./given-files.ts";

/** Characters of a line of a file that are shown. */
const MOST_SHOWN = 100;

/** A problem, from this machine or from the fleet. */
export interface ShownProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly hint?: string | null | undefined;
}

/** Problems for people: where, what, and below an error the line with a mark at the place. */
export function problemLines(
  { io, paint }: Pick<Call, "io" | "paint">,
  problems: readonly ShownProblem[],
  files: FilesHere["files"],
): string[] {
  const texts = new Map(files.map(({ file, content }) => [file, content]));
  const places = problems.map(
    ({ file, line, column }) => `${harmless(near(file, io.cwd))}:${line}:${column}`,
  );
  const width = Math.max(0, ...places.map((place) => place.length));
  return problems.flatMap((problem, i) => {
    const { severity, message, hint } = problem;
    const kind = paint(severity === "error" ? "bad" : "care", severity.padEnd(7));
    const words = harmless(hint ? `${message}  ${hint}` : message);
    const place = (places[i] ?? "").padEnd(width);
    const told = `${place}  ${kind}  ${words}`;
    return severity === "error"
      ? [told, ...markedLine(problem, texts.get(problem.file), paint)]
      : [told];
  });
}

function markedLine(
  { line, column, endColumn }: ShownProblem,
  text: string | undefined,
  paint: Call["paint"],
): string[] {
  const written = text?.split(/\r?\n/)[line - 1];
  if (written === undefined || written.trim() === "") return [];
  // A long line is shown from a little before the place.
  const from = column <= MOST_SHOWN - 20 ? 0 : column - 40;
  const shown = written.slice(from, from + MOST_SHOWN);
  const before = harmless(shown.slice(0, column - 1 - from).replaceAll("\t", " "));
  const marked = harmless(
    shown.slice(column - 1 - from, endColumn - 1 - from).replaceAll("\t", " "),
  );
  const after = harmless(shown.slice(endColumn - 1 - from).replaceAll("\t", " "));
  const number = String(line).padStart(6);
  const bar = paint("quiet", "│");
  return [
    `${number} ${bar} ${before}${marked}${after}`,
    `${" ".repeat(6)} ${bar} ${" ".repeat(before.length)}${paint("bad", "^".repeat(Math.max(marked.length, 1)))}`,
  ];
}
