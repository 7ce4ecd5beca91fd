import type { z } from "zod";
import { complain } from "../../core/complaint.ts";
import { ConditionError, isCronduitError } from "../../core/errors.ts";
import type { Finding, ProblemCode } from "../file-problem.ts";
import type { Path } from "../source/place-tree.ts";
import type { Span } from "../source/source-text.ts";
import { inCamelCase, inSnakeCase } from "../../core/name-case.ts";
import { inWordsOfFiles } from "./spelling.ts";
import {
  isTable,
  isWritten,
  spanInside,
  spanOfKey,
  spanOfValue,
  type WrittenJob,
} from "./written-job.ts";

/** Codes of errors that problems have, too. */
const SHARED: ReadonlySet<string> = new Set([
  "INVALID_OPTION",
  "INVALID_TRIGGER",
  "INVALID_TIMEZONE",
  "INVALID_CONDITION",
]);

/** Divides what a message says is wrong from what to do. */
export function divided(text: string): Pick<Finding, "message" | "hint"> {
  const at = text.search(
    / (?=(?:Did you mean|Allowed|Write|Give|For an?|Known|Leave|Choose|Use|Run the job)\b)/,
  );
  if (at < 0) return { message: text };
  return { message: text.slice(0, at), hint: text.slice(at + 1) };
}

/** Checks a value of a job, and tells the first thing that is wrong with it. */
export function checkValue<S extends z.ZodType>(
  job: WrittenJob,
  key: string,
  { schema, value, code }: { schema: S; value: unknown; code: ProblemCode },
): z.output<S> | undefined {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, place, what, custom } = complain(parsed.error, schema, value);
  const inner: unknown = custom?.params?.["error"];
  if (inner instanceof ConditionError) {
    tellCondition(job, key, inner);
    return undefined;
  }
  const keys = [key, ...keysOf(path, job.fields[key])];
  const isUnknown = path !== place;
  const shown = [key, ...keysOf(place, job.fields[key])].join(".");
  job.problems.add(isUnknown ? spanOfKey(job, ...keys) : spanOfValue(job, ...keys), {
    code: isUnknown ? "UNKNOWN_KEY" : code,
    ...divided(inWordsOfFiles(`${shown}: ${what}`)),
  });
  return undefined;
}

/** A path of names in camelCase as keys of a file; names that people choose, as of variables, are there as they are. */
function keysOf(path: string, written: unknown): Path {
  if (path === "") return [];
  let at = written;
  return path.split(".").map((part) => {
    const key = /^\d+$/.test(part) ? Number(part) : part;
    const name =
      typeof key === "string" && !(isTable(at) && Object.hasOwn(at, key)) ? inSnakeCase(key) : key;
    at =
      isTable(at) || Array.isArray(at)
        ? (at as Readonly<Record<string | number, unknown>>)[name]
        : undefined;
    return name;
  });
}

function tellCondition(job: WrittenJob, key: string, error: ConditionError): void {
  const { column, found } = error.data as { column?: unknown; found?: unknown };
  const whole = spanOfValue(job, key);
  const span =
    typeof column === "number"
      ? spanInside(job.source, whole, {
          value: job.fields[key],
          column,
          length: typeof found === "string" ? Math.max(found.length, 1) : undefined,
        })
      : whole;
  job.problems.add(span, { code: "INVALID_CONDITION", ...divided(`${key}: ${error.message}`) });
}

/**
 * Runs a check of a schedule, and tells what it throws at the place that it is about.
 * @param from From which key a field of the trigger was read, where it has another name.
 */
export function told<T>(
  job: WrittenJob,
  from: Readonly<Record<string, string>>,
  check: () => T,
): T | undefined {
  try {
    return check();
  } catch (error) {
    if (!isCronduitError(error) || !SHARED.has(error.code)) throw error;
    const { field, path = field } = error.data;
    job.problems.add(
      placeOf(job, from, { ...error.data, field: typeof path === "string" ? path : "" }),
      {
        code: error.code as ProblemCode,
        ...divided(inWordsOfFiles(error.message)),
      },
    );
    return undefined;
  }
}

function placeOf(
  job: WrittenJob,
  from: Readonly<Record<string, string>>,
  { field, column, value }: { field: string; column?: unknown; value?: unknown },
): Span {
  const [first = "", ...deeper] = field.split(".");
  const name = inSnakeCase(inCamelCase(first));
  const key = isWritten(job, name) ? name : (from[first] ?? from["*"]);
  if (key === undefined) return spanOfKey(job);
  const inner = deeper.length > 0 ? keysOf(deeper.join("."), job.fields[key]) : [];
  const whole = spanOfValue(job, key, ...inner);
  const written = job.fields[key];
  if (typeof column !== "number" || typeof written !== "string") return whole;
  const blanks = written.length - written.trimStart().length;
  const at = column + blanks;
  // A column may count from the beginning of a field, not of the whole text: then what is there is something else.
  const term = typeof value === "string" && value !== written ? value.toLowerCase() : "";
  if (!written.toLowerCase().startsWith(term, at - 1)) return whole;
  return spanInside(job.source, whole, { value: written, column: at });
}
