import { z } from "zod";
import { durationOption } from "../../jobs/duration-option.ts";
import type { PipelineScheduler } from "../../scheduler/pipeline-scheduler.ts";
import { sourceNameSchema } from "../apply/source-name.ts";
import type { CrontabPlace } from "../folder/file-places.ts";

const pathSchema = z.string().min(1).max(4_096);

/** Schema of {@link JobFilesOptions}, but for the scheduler. */
export const jobFilesSchema = z.strictObject({
  source: sourceNameSchema.default("files"),
  config: pathSchema.optional(),
  jobsDirs: z.array(pathSchema).max(100).default([]),
  crontabs: z
    .array(z.strictObject({ file: pathSchema, isSystem: z.boolean() }))
    .max(1_000)
    .default([]),
  poll: z.union([z.boolean(), durationOption("JobFiles.poll")]).default(false),
});

/** Options of `JobFiles`. */
export interface JobFilesOptions {
  /** Where the jobs are stored. What the files name must be registered with it: mostly the tasks of `cronduit/tasks`. */
  scheduler: PipelineScheduler;
  /**
   * The name of these files in the fleet: 1 to 64 letters, digits and `_ . -`. Their jobs have the source `file:` and this name,
   * and only these are changed and removed. Processes that read one source must read the same. @default "files"
   */
  source?: string | undefined;
  /** A TOML file with many jobs. @default none */
  config?: string | undefined;
  /** Folders with a file for each job, in JSON or TOML. @default none */
  jobsDirs?: readonly string[] | undefined;
  /** Crontabs, and whether each line names a user. @default none */
  crontabs?: readonly CrontabPlace[] | undefined;
  /**
   * Looks at the files this often, for folders of which the system tells no changes, such as mounted ones: seconds, or `"2s"`;
   * `true`: 2 s. 0.1 s to 1 h. Without it, a slow look each 30 s finds what was not told. @default false
   */
  poll?: boolean | number | string | undefined;
}
