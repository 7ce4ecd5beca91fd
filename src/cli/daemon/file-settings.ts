import { isAbsolute, join } from "node:path";
import type { JobFilesOptions } from "../../config/watch/job-files-options.ts";
import type { Io } from "../io.ts";
import type { SettingsRead } from "../settings.ts";

/** Where job files are on a machine, unless somebody says so. */
export const DEFAULT_JOBS_DIR = "/etc/cronduit/jobs.d";

/** The files of jobs that the settings name. */
export type FileSettings = Omit<JobFilesOptions, "scheduler">;

/**
 * Which files declare jobs.
 * @param defaultJobsDir For whoever names none.
 */
export function fileSettings(
  { values, file, isFileNamed }: Pick<SettingsRead, "values" | "file" | "isFileNamed">,
  { cwd }: Pick<Io, "cwd">,
  defaultJobsDir: string | undefined,
): FileSettings {
  const { jobsDir, crontab = [], systemCrontab = [], source } = values;
  const isNamed = jobsDir !== undefined || isFileNamed || crontab.length + systemCrontab.length > 0;
  const jobsDirs = jobsDir ?? (isNamed || defaultJobsDir === undefined ? [] : [defaultJobsDir]);
  const at = (path: string): string => (isAbsolute(path) ? path : join(cwd, path));
  return {
    source,
    ...(file === undefined ? {} : { config: file }),
    jobsDirs: jobsDirs.map(at),
    crontabs: [
      ...crontab.map((path) => ({ file: at(path), isSystem: false })),
      ...systemCrontab.map((path) => ({ file: at(path), isSystem: true })),
    ],
  };
}
