import { counted } from "../../core/counted.ts";
import type { FailedJob } from "../apply/apply-steps.ts";
import type { Problem } from "../file-problem.ts";
import type { FilesReader } from "./reader-records.ts";

/** Ids that an outcome names, of each kind. */
export const MOST_NAMED = 100;

/** What was done to jobs. The lists have at most 100 ids each; the numbers are exact. */
export interface JobsApplied {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly addedIds: readonly string[];
  readonly changedIds: readonly string[];
  readonly removedIds: readonly string[];
  /** Jobs that could not be stored or removed, because somebody else changed something meanwhile. */
  readonly failed: readonly FailedJob[];
}

/** What every outcome tells. */
export interface OutcomeHead {
  readonly source: string;
  /** How many files were read. */
  readonly files: number;
  /** Errors and warnings, in the order of files and lines. */
  readonly problems: readonly Problem[];
}

/**
 * What became of the files of a source. `applied`: their jobs are as they say; `unchanged`: they were so already;
 * `rejected`: they are not valid, and the last good set stays in force; `conflict`: another process reads other files under
 * the same name, and the last set stays in force until they agree (`CONFIG_CONFLICT`).
 */
export type FilesOutcome =
  | (OutcomeHead & { readonly kind: "applied"; readonly jobs: number } & JobsApplied)
  | (OutcomeHead & { readonly kind: "unchanged"; readonly jobs: number })
  | (OutcomeHead & { readonly kind: "rejected" })
  | (OutcomeHead & {
      readonly kind: "conflict";
      readonly jobs: number;
      readonly code: "CONFIG_CONFLICT";
      /** The processes that read something else. */
      readonly readers: readonly FilesReader[];
    });

/** A problem in one line: `jobs.d/report.json:5:15 error minute: "61" is out of range: 0-59. Write 0-59.` */
export function describeProblem({ file, line, column, severity, message, hint }: Problem): string {
  const words = hint === undefined ? message : `${message} ${hint}`;
  return `${file}:${line}:${column} ${severity} ${words}`;
}

/** An outcome in one sentence. */
export function describeOutcome(outcome: FilesOutcome): string {
  const { source } = outcome;
  switch (outcome.kind) {
    case "applied": {
      const { added, changed, removed, failed } = outcome;
      const left = failed.length === 0 ? "" : `, ${counted(failed.length, "job")} refused`;
      return `source "${source}" applied: ${counted(outcome.jobs, "job")}, ${added} new, ${changed} changed, ${removed} removed${left}`;
    }
    case "unchanged":
      return `source "${source}" is as it was: ${counted(outcome.jobs, "job")} of ${counted(outcome.files, "file")}`;
    case "rejected": {
      const errors = outcome.problems.filter(({ severity }) => severity === "error");
      return `source "${source}" rejected: ${counted(errors.length, "error")}; the last good set stays in force`;
    }
    case "conflict": {
      const others = outcome.readers.map(({ host, pid }) => `${host} (process ${pid})`).join(", ");
      return `source "${source}" is read with other content by ${others}; the last set stays in force until all read the same (CONFIG_CONFLICT)`;
    }
  }
}
