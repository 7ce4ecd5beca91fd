// `cronduit/config`: job files and crontabs: read, checked, watched and applied.
import "./core/bundled-require.ts";
export { CronduitError } from "./core/errors.ts";
export type { FailedJob } from "./config/apply/apply-steps.ts";
export { PROBLEM_CODES, type Problem, type ProblemCode } from "./config/file-problem.ts";
export type { CrontabPlace } from "./config/folder/file-places.ts";
export { JobFiles } from "./config/job-files.ts";
export type { DeclaredJob, HowToRun, Task } from "./config/jobs/declared-job.ts";
export { type FileKind, type JobSet, readSet, type SetFile } from "./config/read-set.ts";
export {
  describeOutcome,
  describeProblem,
  type FilesOutcome,
  type JobsApplied,
  type OutcomeHead,
} from "./config/watch/files-outcome.ts";
export type { FileContent } from "./config/source/read-source.ts";
export type { JobFilesOptions } from "./config/watch/job-files-options.ts";
export type { FilesReader } from "./config/watch/reader-records.ts";
