import type { ReadFile } from "../jobs/declared-job.ts";
import { type FileContent, readSource } from "../source/read-source.ts";
import { type CrontabForm, CrontabReader } from "./crontab-reader.ts";
import { SecondOpinion } from "./second-opinion.ts";

/**
 * Reads the jobs of a crontab, in the form of users or of the system. Nothing is thrown: what is wrong is told in `problems`.
 */
export async function readCrontab(
  content: FileContent,
  file: string,
  form: CrontabForm,
): Promise<ReadFile> {
  const read = readSource(content, file);
  const opinion = read.problems.hasErrors ? undefined : await SecondOpinion.load();
  if (!opinion) return { jobs: [], problems: read.problems.all() };
  return new CrontabReader(read, form, opinion).read();
}
