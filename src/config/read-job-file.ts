import type { ReadFile, Task } from "./jobs/declared-job.ts";
import { jsonJobWords } from "./jobs/file-words.ts";
import { readJob } from "./jobs/read-job.ts";
import { isTable, isWritten, spanOfKey, spanOfValue, type WrittenJob } from "./jobs/written-job.ts";
import { parseJson } from "./source/json-document.ts";
import { type FileContent, readSource } from "./source/read-source.ts";

/**
 * Reads the job of a JSON file, as those of `jobs.d` are: `job_id`, `schedule`, `task`. An empty file has none. Nothing is
 * thrown: what is wrong is told in `problems`.
 */
export function readJobFile(content: FileContent, file: string): ReadFile {
  const { source, problems } = readSource(content, file);
  const isEmpty = source.text.trim() === "";
  const document = problems.hasErrors || isEmpty ? undefined : parseJson(source, problems);
  if (!document || problems.hasErrors) return { jobs: [], problems: problems.all() };
  const { value, places } = document;
  const whole = { fields: {}, path: [], places, source, problems };
  if (!isTable(value)) {
    problems.add(spanOfValue(whole), {
      code: "INVALID_VALUE",
      message: "A job file is an object.",
      hint: 'Write { "job_id": …, "schedule": …, "task": … }.',
    });
    return { jobs: [], problems: problems.all() };
  }
  const { $schema: _, ...fields } = value;
  const job: WrittenJob = { ...whole, fields };
  const id = value["job_id"];
  if (!isWritten(job, "job_id")) missing(job, "job_id", 'Write "job_id": "nightly-report".');
  const read = readJob(job, {
    id: typeof id === "string" ? id : "",
    ...(isWritten(job, "job_id") ? { idKey: "job_id" } : {}),
    words: jsonJobWords,
    taskOf: (words) => taskFrom(job, words),
  });
  return { jobs: read ? [read] : [], problems: problems.all() };
}

function taskFrom(job: WrittenJob, words: Readonly<Record<string, unknown>>): Task | undefined {
  if (!isWritten(job, "task") && !isWritten(job, "pipeline"))
    missing(job, "task", 'Write "task": { "type": "execute_command", "command": "…" }.');
  const task = words["task"] as { readonly command: string } | undefined;
  return task && { type: "command", command: task.command, shell: true };
}

function missing(job: WrittenJob, key: string, hint: string): void {
  const { start } = spanOfKey(job);
  job.problems.add(
    { start, end: start + 1 },
    { code: "MISSING_KEY", message: `${key}: is missing.`, hint },
  );
}
