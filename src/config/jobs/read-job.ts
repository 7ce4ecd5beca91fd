import type { z } from "zod";
import { digest } from "../../jobs/digest.ts";
import { jobIdSchema, jobOptionsSchema } from "../../jobs/options.ts";
import { otherName } from "../../scheduler/other-names.ts";
import { checkTogether } from "./check-schedule.ts";
import type { DeclaredJob, Task } from "./declared-job.ts";
import { inOptions, inParams } from "./in-options.ts";
import { readWords } from "./schedule-words.ts";
import { inCamelCase, inSnakeCase } from "../../core/name-case.ts";
import { RULE_NAMES, TRIGGER_NAMES } from "./spelling.ts";
import { howToRun } from "./task-words.ts";
import { checkValue } from "./told.ts";
import { spanOfKey, spanOfValue, unknownKey, type WrittenJob } from "./written-job.ts";

/** What of a job depends on the kind of file. */
export interface JobForm {
  readonly id: string;
  /** Refuses the id at its place. */
  readonly idKey?: string;
  /** What a job of such a file may say beside the options of `addJob`. */
  readonly words: Readonly<Record<string, z.ZodType>>;
  /** Its task, from the words; `undefined` if something wrong has been told. */
  readonly taskOf: (words: Readonly<Record<string, unknown>>) => Task | undefined;
}

/** Names that people write for ours, where files have other names than `addJob`. */
const MEANT: Readonly<Record<string, string>> = {
  cron: "schedule",
  cron_expression: "schedule",
  enabled: "paused",
  disabled: "paused",
  cmd: "command",
  run: "command",
  script: "command",
  interpreter: "type",
};

/** Reads a job of a file. Whatever is wrong with it is told; then there is none. */
export function readJob(job: WrittenJob, form: JobForm): DeclaredJob | undefined {
  const before = job.problems.errorCount;
  const isWrong = () => job.problems.errorCount > before;
  const words: Record<string, unknown> = {};
  const rules: Record<string, unknown> = {};
  const timing: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(job.fields)) {
    const name = inCamelCase(key);
    const word = Object.hasOwn(form.words, key) ? form.words[key] : undefined;
    if (word) words[key] = checkValue(job, key, { schema: word, value, code: "INVALID_VALUE" });
    else if (/[A-Z]/.test(key)) refuseKey(job, key, form);
    else if (RULE_NAMES.has(name)) checkRule(job, { key, name, value, rules });
    else if (TRIGGER_NAMES.has(name)) timing[name] = inOptions(job, value, [key]);
    else refuseKey(job, key, form);
  }
  checkId(job, form);
  pause(job, words["paused"], rules);
  const when = readWords(job, words, timing);
  const how = howToRun(job);
  const what = pipelineOf(job, words) ?? form.taskOf(words);
  const task = what && how ? { ...what, how } : what;
  const params = "params" in words ? inParams(job, words["params"], ["params"]) : undefined;
  checkParams(job, words, task);
  if (when && !isWrong()) checkTogether(job, rules, { id: form.id, words: when });
  if (!when || !task || isWrong()) return undefined;
  const options = {
    id: form.id,
    ...rules,
    ...when.trigger,
    ...(params === undefined ? {} : { params }),
  };
  return declared(job, { id: form.id, options, task });
}

function checkRule(
  job: WrittenJob,
  {
    key,
    name,
    value,
    rules,
  }: { key: string; name: string; value: unknown; rules: Record<string, unknown> },
): void {
  const given = inOptions(job, value, [key]);
  const schema = jobOptionsSchema.shape[name as keyof typeof jobOptionsSchema.shape];
  checkValue(job, key, { schema, value: given, code: "INVALID_OPTION" });
  rules[name] = given;
}

function refuseKey(job: WrittenJob, key: string, { words }: JobForm): void {
  const names = [...RULE_NAMES, ...TRIGGER_NAMES].map(inSnakeCase);
  const other = otherName(inCamelCase(key))?.meant;
  const known = [...Object.keys(words), ...names];
  const translated = other === undefined ? undefined : inSnakeCase(other);
  const meant = [MEANT[key], translated].find((name) => name !== undefined && known.includes(name));
  unknownKey(job.problems, spanOfKey(job, key), { key, known, meant });
}

function checkId(job: WrittenJob, { id, idKey }: JobForm): void {
  if (jobIdSchema.safeParse(id).success) return;
  if (idKey !== undefined) {
    checkValue(job, idKey, { schema: jobIdSchema, value: id, code: "INVALID_OPTION" });
    return;
  }
  const outer = job.path.slice(0, -1);
  const key = String(job.path.at(-1));
  checkValue({ ...job, path: outer }, key, {
    schema: jobIdSchema,
    value: id,
    code: "INVALID_OPTION",
  });
}

function pause(job: WrittenJob, paused: unknown, rules: Record<string, unknown>): void {
  if (paused !== true) return;
  if ("nextRunTime" in rules)
    job.problems.add(spanOfKey(job, "paused"), {
      code: "INVALID_VALUE",
      message: 'paused: a paused job has no "next_run_time".',
      hint: "Leave one of them out.",
    });
  rules["nextRunTime"] = null;
}

function pipelineOf(job: WrittenJob, words: Readonly<Record<string, unknown>>): Task | undefined {
  const { pipeline } = words;
  if (typeof pipeline !== "string") return undefined;
  const other = ["command", "type", "task"].find((key) => key in words);
  if (other !== undefined)
    job.problems.add(spanOfKey(job, other), {
      code: "INVALID_VALUE",
      message: `${other}: has no meaning with "pipeline".`,
      hint: "Give one of them.",
    });
  return { type: "pipeline", name: pipeline };
}

function checkParams(
  job: WrittenJob,
  words: Readonly<Record<string, unknown>>,
  task: Task | undefined,
): void {
  if (!("params" in words) || task === undefined || task.type === "pipeline") return;
  job.problems.add(spanOfKey(job, "params"), {
    code: "INVALID_VALUE",
    message: "params: a command has none.",
    hint: 'Write what it takes beside it, such as cwd = "/data", or name a "pipeline".',
  });
}

/** A job as it is declared, with its place and digest. */
export function declared(
  job: Pick<WrittenJob, "source" | "path" | "places">,
  { id, options, task }: Pick<DeclaredJob, "id" | "options" | "task">,
): DeclaredJob {
  const { file } = job.source;
  const { line, column } = job.source.placeOf(
    job.path.length > 0 ? spanOfKey(job as WrittenJob) : spanOfValue(job as WrittenJob),
  );
  return { id, file, line, column, options, task, digest: digest([options, task]) };
}
