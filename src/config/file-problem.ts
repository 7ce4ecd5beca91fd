import { counted } from "../core/counted.ts";
import { MAX_PROBLEMS } from "./file-limits.ts";
import type { SourceText, Span } from "./source/source-text.ts";

/** Every code of a problem, with its meaning; `docs/job-files.md` has the same table. A code never changes its meaning. */
export const PROBLEM_CODES = {
  SYNTAX: "The file is not TOML, JSON or a crontab from this place on.",
  MISSING_FILE: "A file that is to be read is not there.",
  MISSING_FOLDER: "A folder that is to be read is not there.",
  UNREADABLE: "A file or a folder can't be read.",
  NOT_A_FILE:
    "It is a folder, a device, a pipe or a socket, and not a file; or it is not a folder.",
  OUTSIDE_FOLDER: "A symbolic link leads out of the folder.",
  WRITABLE_BY_OTHERS: "Others than its owner and root may write the file or the folder.",
  FOREIGN_OWNER:
    "The file belongs to somebody else than root, the folder's owner, or who reads it.",
  NOT_TEXT: "The file has bytes that are not UTF-8, or a NUL character.",
  FILE_TOO_LARGE: "The file has more than 1 MB.",
  TOO_DEEP: "Tables, objects and lists are nested more than 32 deep.",
  TOO_MANY_FILES: "The set has more than 10,000 files.",
  TOO_MANY_JOBS: "The set has more than 100,000 jobs.",
  TOO_MANY_PROBLEMS: "The file has more problems than are told.",
  DUPLICATE_KEY: "A key stands twice in one object of JSON.",
  DUPLICATE_ID: "Two jobs of the set have the same id.",
  DUPLICATE_FILE: "A file is twice in the set.",
  UNKNOWN_KEY: "There is no such key here.",
  MISSING_KEY: "A key that is needed is not there.",
  UNKNOWN_INTERPRETER: "The type of a job has no interpreter.",
  INVALID_VALUE: "A value has a wrong type or form.",
  INVALID_OPTION: "An option of a job is refused, as `addJob` would.",
  INVALID_TRIGGER: "A schedule is refused, as `addJob` would.",
  INVALID_TIMEZONE: "A time zone is not known.",
  INVALID_CONDITION: "A condition is refused, as `addJob` would.",
  INVALID_PARAMS: "The params of a pipeline are refused, as `addJob` would.",
  INVALID_PIPELINE: "A pipeline can't run as the job asks.",
  UNKNOWN_PIPELINE: "No pipeline of this name is registered here.",
  PAYLOAD_TOO_LARGE: "The params of a job are too large.",
  ID_TAKEN: "A job with this id is declared by code, by the API or by another source already.",
  PAST_DATE: "Warning: a time is past that is seen for the first time, and has no run.",
  CLOCK_CHANGE: "Warning: a change of the clock within a year moves, drops or doubles a time.",
  COLLISION: "Warning: many jobs start in the same minute.",
  NEVER_FIRES: "Warning: the schedule has no time to come.",
  IGNORED: "Warning: this has no effect here.",
  NOT_AT_START: "Warning: an `@reboot` job has no schedule here, and runs on request only.",
  CRON_DIFFERS: "Warning: cron-parser reads the schedule otherwise, and no known rule explains it.",
} as const;

/** What is wrong, for programs. */
export type ProblemCode = keyof typeof PROBLEM_CODES;

/** Something wrong in a file. An error refuses the whole set, a warning nothing. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Of the first character, from 1, in UTF-16 units. */
  readonly column: number;
  /** After the last character, in the same line. */
  readonly endColumn: number;
  readonly severity: "error" | "warning";
  readonly code: ProblemCode;
  /** What was written, and what is wrong. */
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
}

/** What is told of a place. */
export interface Finding {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint?: string | undefined;
  /** @default "error" */
  readonly severity?: Problem["severity"];
}

/** The problems of one file, at most {@link MAX_PROBLEMS}. */
export class Problems {
  readonly #source: SourceText;
  readonly #list: Problem[] = [];
  #errors = 0;
  #untold = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  /** Whether the file is refused. */
  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  /** How many errors there are, those that are not told included. */
  get errorCount(): number {
    return this.#errors;
  }

  /** Tells a problem with the text of a span. */
  add(span: Span, finding: Finding): void {
    if ((finding.severity ?? "error") === "error") this.#errors += 1;
    if (this.#list.length < MAX_PROBLEMS) this.#list.push(problemAt(this.#source, span, finding));
    else this.#untold += 1;
  }

  /** All that are told, in the order of the text. */
  all(): readonly Problem[] {
    const sorted = this.#list.toSorted(byPlace);
    const last = sorted.at(-1);
    if (this.#untold === 0 || !last) return sorted;
    const { hint: _, ...place } = last;
    const message = `There are ${counted(this.#untold, "more problem")} in this file.`;
    // Where only warnings are told, those that are not told must still refuse the file.
    const severity = this.hasErrors ? "error" : "warning";
    return [...sorted, { ...place, severity, code: "TOO_MANY_PROBLEMS", message }];
  }
}

/** A problem with the text of a span. */
export function problemAt(source: SourceText, span: Span, finding: Finding): Problem {
  const { code, message, hint, severity = "error" } = finding;
  const place = { file: source.file, ...source.placeOf(span) };
  return { ...place, severity, code, message, ...(hint === undefined ? {} : { hint }) };
}

/** The order in which problems are told. */
export function byPlace(one: Problem, other: Problem): number {
  return compare(one.file, other.file) || one.line - other.line || one.column - other.column;
}

/** The order of texts, the same on every machine. */
export function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
