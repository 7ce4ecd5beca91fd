import { suggest } from "../core/suggest.ts";
import type { DeclaredJob, ReadFile, Task } from "./jobs/declared-job.ts";
import { interpretersShape, tomlJobWords, USUAL_INTERPRETERS } from "./jobs/file-words.ts";
import { readJob } from "./jobs/read-job.ts";
import { checkValue } from "./jobs/told.ts";
import {
  isTable,
  isWritten,
  spanOfKey,
  spanOfValue,
  unknownKey,
  type WrittenJob,
} from "./jobs/written-job.ts";
import { checkSettings, SETTING_KEYS } from "./settings/written-settings.ts";
import { type FileContent, readSource } from "./source/read-source.ts";
import { parseToml } from "./source/toml-document.ts";

/** How a file says to start each interpreter. */
type Interpreters = ReadonlyMap<string, readonly string[]>;

const TOP: readonly string[] = ["jobs", "interpreters", "$schema", ...SETTING_KEYS];

/**
 * Reads the jobs of a TOML file, as `cronduit.toml` is one: `[jobs.<id>]` and `[interpreters]`, below settings, which are checked.
 * Nothing is thrown: what is wrong is told in `problems`.
 */
export function readToml(content: FileContent, file: string): ReadFile {
  const { source, problems } = readSource(content, file);
  const document = problems.hasErrors ? undefined : parseToml(source, problems);
  if (!document || !isTable(document.value)) return { jobs: [], problems: problems.all() };
  const { places } = document;
  const whole: WrittenJob = { fields: document.value, path: [], places, source, problems };
  for (const key of Object.keys(whole.fields))
    if (!TOP.includes(key)) unknownKey(problems, spanOfKey(whole, key), { key, known: TOP });
  checkSettings(whole);
  const interpreters = readInterpreters(whole);
  const jobs: DeclaredJob[] = [];
  for (const [id, fields] of Object.entries(tableOf(whole, "jobs"))) {
    if (!isTable(fields)) {
      notATable(whole, ["jobs", id]);
      continue;
    }
    const job = { ...whole, fields, path: ["jobs", id] };
    const taskOf = (words: Readonly<Record<string, unknown>>) => taskFrom(job, words, interpreters);
    const read = readJob(job, { id, words: tomlJobWords, taskOf });
    if (read) jobs.push(read);
  }
  return { jobs, problems: problems.all() };
}

function tableOf(whole: WrittenJob, key: string): Readonly<Record<string, unknown>> {
  const value = whole.fields[key];
  if (value === undefined) return {};
  if (isTable(value)) return value;
  notATable(whole, [key]);
  return {};
}

function notATable(whole: WrittenJob, path: readonly string[]): void {
  const name = path.join(".");
  whole.problems.add(spanOfValue(whole, ...path), {
    code: "INVALID_VALUE",
    message: `${name}: must be a table.`,
    hint: path.length === 1 && name === "jobs" ? "Write [jobs.<id>]." : `Write [${name}].`,
  });
}

function readInterpreters(whole: WrittenJob): Interpreters {
  const read = checkValue(whole, "interpreters", {
    schema: interpretersShape,
    value: { ...tableOf(whole, "interpreters") },
    code: "INVALID_VALUE",
  });
  return new Map(Object.entries(read ?? {}).map(([name, program]) => [name, [program].flat()]));
}

function taskFrom(
  job: WrittenJob,
  { type, command }: Readonly<Record<string, unknown>>,
  interpreters: Interpreters,
): Task | undefined {
  for (const key of ["type", "command"])
    if (!isWritten(job, key) && !isWritten(job, "pipeline"))
      job.problems.add(spanOfKey(job), {
        code: "MISSING_KEY",
        message: `${key}: is missing.`,
        hint:
          key === "type"
            ? 'Write type = "BASH", "PYTHON", "JAVASCRIPT" or a name of [interpreters].'
            : 'Write what to run, such as command = "echo hello".',
      });
  if (typeof type !== "string" || typeof command !== "string") return undefined;
  const program = interpreters.get(type);
  const known: readonly string[] = [...new Set([...USUAL_INTERPRETERS, ...interpreters.keys()])];
  if (!known.includes(type)) {
    const near = suggest(type, known);
    job.problems.add(spanOfValue(job, "type"), {
      code: "UNKNOWN_INTERPRETER",
      message: `type: there is no interpreter ${JSON.stringify(type)}.`,
      hint:
        near === undefined
          ? `Known: ${known.join(", ")}. Others are named in [interpreters].`
          : `Did you mean "${near}"?`,
    });
    return undefined;
  }
  return {
    type: "script",
    interpreter: type,
    ...(program === undefined ? {} : { program }),
    script: command,
  };
}
