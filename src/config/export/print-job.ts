import { stringify } from "smol-toml";
import { inSnakeCase } from "../../core/name-case.ts";
import type { DeclaredJob } from "../jobs/declared-job.ts";
import { USUAL_INTERPRETERS } from "../jobs/file-words.ts";
import { asJob } from "../apply/as-job.ts";

/** A job that is to be written into a file. */
export interface ExportedJob {
  readonly id: string;
  readonly pipeline: string;
  readonly params: unknown;
  /** The other options, as `addJob` takes them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the file can't say. */
  readonly notes: readonly string[];
  /** Whether the file declares the same job. */
  readonly isExact: boolean;
}

/** The forms of files. */
export type ExportForm = "json" | "toml";

/** A job as it was read from a file, for another one. */
export function exportedOf(declared: DeclaredJob): ExportedJob {
  const { pipeline, options } = asJob(declared);
  const {
    id: _,
    params,
    replaceExisting: __,
    ...rest
  } = options as unknown as Record<string, unknown>;
  return {
    id: declared.id,
    pipeline: String(pipeline),
    params,
    options: rest,
    notes: [],
    isExact: true,
  };
}

/** A job as the text of a file, or of a part of one; what the file can't say is in comments above, where there are any. */
export function printJob(job: ExportedJob, form: ExportForm): string {
  const fields = { ...taskFields(job, form), ...whenFields(job), ...ruleFields(job) };
  if (form === "json") return `${JSON.stringify({ job_id: job.id, ...fields }, null, 2)}\n`;
  const comments = job.notes.map((note) => `# ${note.replaceAll(/\p{Cc}/gu, " ")}\n`).join("");
  // `null` is something else than nothing, and TOML has none.
  if (hasNull(fields)) {
    const text = JSON.stringify(fields);
    return `${comments}# Job ${JSON.stringify(job.id)} has a null, which TOML can't say: ${text}\n`;
  }
  const text = stringify({ jobs: { [job.id]: fields } }).replace(/^\[jobs\]\n/, "");
  return `${comments}${text.trimEnd()}\n\n`;
}

/** Whether the text declares the same job. */
export function isPrintable(job: ExportedJob, form: ExportForm): boolean {
  return (
    job.isExact && (form === "json" || !hasNull([job.params, whenFields(job), ruleFields(job)]))
  );
}

function hasNull(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== "object") return false;
  return Object.values(value).some(hasNull);
}

type Fields = Record<string, unknown>;

function taskFields({ pipeline, params }: ExportedJob, form: ExportForm): Fields {
  const given = (params ?? {}) as Readonly<Record<string, unknown>>;
  const names = Object.keys(given).toSorted().join(" ");
  if (form === "toml" && pipeline === "script" && names === "interpreter script") {
    const { interpreter, script } = given;
    if ((USUAL_INTERPRETERS as readonly unknown[]).includes(interpreter))
      return { type: interpreter, command: script };
  }
  if (
    form === "json" &&
    pipeline === "command" &&
    names === "command shell" &&
    given["shell"] === true
  )
    return { task: { type: "execute_command", command: given["command"] } };
  return { pipeline, ...(params === undefined ? {} : { params }) };
}

/** When, in the words that people know from other files, where there are some. */
function whenFields({ options }: ExportedJob): Fields {
  const { trigger, expression } = options;
  if (trigger === "cron" && typeof expression === "string")
    return { schedule_type: "cron", schedule: expression };
  if (trigger === "manual") return { schedule_type: "manual" };
  return {};
}

function ruleFields({ options }: ExportedJob): Fields {
  const { trigger, expression, nextRunTime, ...rest } = options;
  const isInWords = trigger === "manual" || (trigger === "cron" && expression !== undefined);
  const others = {
    ...(isInWords ? {} : { trigger, ...(expression === undefined ? {} : { expression }) }),
    ...rest,
  };
  const fields = Object.entries(others).map(([name, value]) => [inSnakeCase(name), inFile(value)]);
  return {
    ...(Object.fromEntries(fields) as Fields),
    ...(nextRunTime === null ? { paused: true } : {}),
    ...(nextRunTime === null || nextRunTime === undefined ? {} : { next_run_time: nextRunTime }),
  };
}

/** A value with its names as files have them. */
function inFile(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inFile);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [inSnakeCase(name), inFile(inner)]),
  );
}
