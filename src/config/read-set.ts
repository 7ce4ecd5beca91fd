import { createHash } from "node:crypto";
import { readCrontab } from "./crontab/read-crontab.ts";
import type { DeclaredJob, ReadFile } from "./jobs/declared-job.ts";
import { MAX_FILES, MAX_JOBS } from "./file-limits.ts";
import { byPlace, compare, type Problem, type ProblemCode } from "./file-problem.ts";
import { readJobFile } from "./read-job-file.ts";
import { readToml } from "./read-toml.ts";
import type { FileContent } from "./source/read-source.ts";

/** How a file is read. */
export type FileKind = "toml" | "json" | "crontab" | "system-crontab";

/** A file of a set. */
export interface SetFile {
  /** Its name, as problems tell it. */
  readonly file: string;
  readonly kind: FileKind;
  readonly content: FileContent;
}

/** A set of files: valid as a whole, or nothing of it counts. */
export type JobSet =
  | {
      readonly isValid: true;
      /** In the order of their ids. */
      readonly jobs: readonly DeclaredJob[];
      /** Equal for sets of equal jobs, whatever the files look like. */
      readonly digest: string;
      /** Warnings, in the order of files and lines. */
      readonly problems: readonly Problem[];
    }
  | { readonly isValid: false; readonly problems: readonly Problem[] };

/** A file of a set after it was read. */
export interface ReadOfSet {
  readonly file: string;
  readonly read: ReadFile;
}

/**
 * Reads files as one set. The order of the files does not matter. Nothing is thrown: what is wrong is told in `problems`, and one
 * error refuses all.
 */
export async function readSet(files: readonly SetFile[]): Promise<JobSet> {
  // Too many are not even read.
  if (files.length > MAX_FILES) return tooManyFiles(files);
  const reads: ReadOfSet[] = [];
  let jobs = 0;
  for (const file of files.toSorted((a, b) => compare(a.file, b.file))) {
    const read = await readSetFile(file);
    reads.push({ file: file.file, read });
    jobs += read.jobs.length;
    if (jobs > MAX_JOBS) break;
  }
  return combineReads(reads);
}

/** Makes one set of files that were read one by one. @param others What is wrong beside what is in the files. */
export function combineReads(reads: readonly ReadOfSet[], others: readonly Problem[] = []): JobSet {
  if (reads.length > MAX_FILES) return tooManyFiles(reads);
  const sorted = reads.toSorted((a, b) => compare(a.file, b.file));
  const jobs: DeclaredJob[] = [];
  const problems: Problem[] = [...others, ...twiceIn(sorted)];
  for (const { file, read } of sorted) {
    for (const problem of read.problems) problems.push(problem);
    for (const job of read.jobs) jobs.push(job);
    if (jobs.length > MAX_JOBS)
      return refused("TOO_MANY_JOBS", "There are more jobs", MAX_JOBS, file);
  }
  problems.push(...sameIds(jobs));
  problems.sort(byPlace);
  if (problems.some(({ severity }) => severity === "error")) return { isValid: false, problems };
  jobs.sort((a, b) => compare(a.id, b.id));
  return { isValid: true, jobs, digest: digestOfJobs(jobs), problems };
}

/** Equal for equal jobs, given in the order of their ids. */
export function digestOfJobs(jobs: readonly Pick<DeclaredJob, "id" | "digest">[]): string {
  // Of 10,000 jobs after each change: JSON would take longer than all else.
  const sum = createHash("sha256");
  for (const job of jobs) sum.update(`${job.id}\n${job.digest}\n`);
  return sum.digest("base64url").slice(0, 20);
}

/** Reads one file of a set. */
export async function readSetFile({ file, kind, content }: SetFile): Promise<ReadFile> {
  switch (kind) {
    case "toml":
      return readToml(content, file);
    case "json":
      return readJobFile(content, file);
    case "crontab":
      return readCrontab(content, file, { system: false });
    case "system-crontab":
      return readCrontab(content, file, { system: true });
  }
}

function tooManyFiles(files: readonly { readonly file: string }[]): JobSet {
  const count = files.length.toLocaleString("en-US");
  return refused("TOO_MANY_FILES", `There are ${count} files`, MAX_FILES, files[0]?.file);
}

function refused(code: ProblemCode, what: string, most: number, file = ""): JobSet {
  const message = `${what}; ${most.toLocaleString("en-US")} are allowed.`;
  return { isValid: false, problems: [problemOf({ file, line: 1 }, code, message)] };
}

function problemOf(
  { file, line }: { readonly file: string; readonly line: number },
  code: ProblemCode,
  message: string,
  hint?: string,
): Problem {
  const place = { file, line, column: 1, endColumn: 2 };
  return { ...place, severity: "error", code, message, ...(hint === undefined ? {} : { hint }) };
}

function twiceIn(sorted: readonly ReadOfSet[]): Problem[] {
  return sorted.flatMap(({ file }, i) =>
    i > 0 && sorted[i - 1]?.file === file
      ? [problemOf({ file, line: 1 }, "DUPLICATE_FILE", "This file is twice in the set.")]
      : [],
  );
}

/** One id in two places: each of them is told, with the other. */
function sameIds(jobs: readonly DeclaredJob[]): Problem[] {
  const first = new Map<string, DeclaredJob>();
  return jobs.flatMap((job) => {
    const other = first.get(job.id);
    if (!other) {
      first.set(job.id, job);
      return [];
    }
    const tell = (one: DeclaredJob, two: DeclaredJob) =>
      problemOf(
        one,
        "DUPLICATE_ID",
        `Job "${one.id}" is also in ${two.file}:${two.line}.`,
        "Give one of them another id.",
      );
    return [tell(other, job), tell(job, other)];
  });
}
