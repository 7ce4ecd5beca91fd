import type { Problem } from "../file-problem.ts";

/** How a program is run: params of the tasks beside what it is. */
export interface HowToRun {
  /** Such as `cwd` and `successCodes`; absent if nothing is said. */
  readonly how?: Readonly<Record<string, unknown>>;
}

/** What a job of a file does. */
export type Task =
  | (HowToRun & {
      /** A text for an interpreter. */
      readonly type: "script";
      /** Its name: `PYTHON`, `BASH`, `JAVASCRIPT`, or one of the file. */
      readonly interpreter: string;
      /** How the file says to start it, a program with its arguments. Absent: it says nothing of this name. */
      readonly program?: readonly string[];
      readonly script: string;
    })
  | (HowToRun & {
      /** A line for a shell. */
      readonly type: "command";
      readonly command: string;
      /** The shell; `true`: the usual one. */
      readonly shell: string | true;
      /** Variables that the file sets. */
      readonly env?: Readonly<Record<string, string>>;
      /** What the command can read from its standard input. */
      readonly stdin?: string;
      /** Who it runs as, in a crontab of the system. */
      readonly user?: string;
    })
  | {
      /** A registered pipeline; its params are in the options. */
      readonly type: "pipeline";
      readonly name: string;
    };

/** A job that a file declares. */
export interface DeclaredJob {
  readonly id: string;
  readonly file: string;
  /** Where it begins, from 1. */
  readonly line: number;
  /** Of the first character that names it, from 1. */
  readonly column: number;
  /** As `addJob` takes them, the id among them. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly task: Task;
  /** Equal for equal options and tasks, whatever the file looks like. */
  readonly digest: string;
}

/** What a file declares, and what is wrong in it. With an error among the problems, some jobs may be missing. */
export interface ReadFile {
  readonly jobs: readonly DeclaredJob[];
  readonly problems: readonly Problem[];
}
