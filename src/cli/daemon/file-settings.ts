import { existsSync } from "node:fs";
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
 * @param defaultJobsDir For whoever names none; besides a `cronduit.toml` that was found, if it is there.
 */
export function fileSettings(
  { values, file, isFileNamed }: Pick<SettingsRead, "values" | "file" | "isFileNamed">,
  { cwd }: Pick<Io, "cwd">,
  defaultJobsDir: string | undefined,
): FileSettings {
  const { jobsDir, crontab = [], systemCrontab = [], source } = values;
  const isNamed = isFileNamed || crontab.length + systemCrontab.length > 0;
  // A file that was found is enough; without any, that the usual folder is missing is worth telling.
  const isUsual =
    !isNamed && defaultJobsDir !== undefined && (file === undefined || existsSync(defaultJobsDir));
  const jobsDirs = jobsDir ?? (isUsual ? [defaultJobsDir] : []);
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
