import type { z } from "zod";
import { allowedBy, fieldMeantBy, fieldsOf, isSecretAt, schemaAt } from "./allowed.ts";
import { shown, shownKind } from "./shown.ts";
import { suggest } from "./suggest.ts";

/** What is wrong with a value that a schema rejected, without any text of the schema library. */
export interface Complaint {
  /** Path from the checked value, such as `retention.count`; empty for the value itself. */
  readonly path: string;
  /** The path to show to people: for an unknown name, the object that contains it. */
  readonly place: string;
  /** One or more sentences to follow the place and a colon: what was written, what is wrong, what is allowed. */
  readonly what: string;
  /** What an unknown name was probably meant to be. */
  readonly suggestion?: string | undefined;
  /** Our own check that failed, if it was one. */
  readonly custom?: z.core.$ZodIssueCustom | undefined;
}

/** Puts the first issue that `schema` found in `input` into our own words. */
export function complain(
  error: z.core.$ZodError,
  schema: z.core.$ZodType,
  input: unknown,
): Complaint {
  const issue = firstToTell(error, schema, input);
  if (!issue) return { path: "", place: "", what: "is not valid." };
  const at = issue.path;
  if (issue.code === "unrecognized_keys") return unknownNames(issue.keys, at, schemaAt(schema, at));
  const value = valueAt(input, at);
  const print = isSecretAt(schema, at) ? shownKind : shown;
  const place = schemaAt(schema, at);
  const allowed = place && allowedBy(place);
  const suggestion: unknown = issue.code === "custom" ? issue.params?.["suggestion"] : undefined;
  const isComplete = isSentence(issue) || suggestion !== undefined;
  const parts = isComplete
    ? []
    : [allowed && `Allowed: ${allowed}.`, fixFor(issue, value, allowed)];
  return {
    path: written(at),
    place: written(at),
    what: [problemOf(issue, value, print), ...parts].filter(Boolean).join(" "),
    suggestion: typeof suggestion === "string" ? suggestion : undefined,
    custom: issue.code === "custom" ? issue : undefined,
  };
}

/** The first issue; of a field that is missing because it was written under another name, that name. */
function firstToTell(
  { issues }: z.core.$ZodError,
  schema: z.core.$ZodType,
  input: unknown,
): z.core.$ZodIssue | undefined {
  const first = issues[0] && nearest(issues[0]);
  if (first === undefined || valueAt(input, first.path) !== undefined) return first;
  const isUnderOtherName = (issue: z.core.$ZodIssue): boolean => {
    if (issue.code !== "unrecognized_keys") return false;
    const place = schemaAt(schema, issue.path);
    const meant = issue.keys.map((key) => place && fieldMeantBy(place, key));
    return meant.some((name) => name === first.path.at(-1));
  };
  return issues.find(isUnderOtherName) ?? first;
}

/** For a union, the issue of the form that was most likely meant. */
function nearest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const forms = issue.errors.flatMap((issues) => {
    const first = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
    return first ? [nearest(first)] : [];
  });
  const meant =
    forms.find(({ code, path }) => path.length > 0 || code === "unrecognized_keys") ??
    forms.find(({ code }) => code !== "invalid_type" && code !== "invalid_value");
  return meant ? { ...meant, path: [...issue.path, ...meant.path] } : issue;
}

function unknownNames(
  keys: readonly string[],
  at: readonly PropertyKey[],
  schema: z.core.$ZodType | undefined,
): Complaint {
  const known = schema ? fieldsOf(schema) : [];
  const meant = (key: string) => (schema && fieldMeantBy(schema, key)) ?? suggest(key, known);
  const suggestion = keys.map(meant).find((near) => near !== undefined);
  const hint =
    suggestion !== undefined
      ? ` Did you mean "${suggestion}"?`
      : known.length > 0
        ? ` Known options: ${known.join(", ")}.`
        : "";
  const names = keys.slice(0, 5).map((key) => shown(key));
  return {
    path: written([...at, ...keys.slice(0, 1)]),
    place: written(at),
    what: `unknown option ${names.join(", ")}.${hint}`,
    suggestion,
  };
}

function problemOf(
  issue: z.core.$ZodIssue,
  value: unknown,
  print: (value: unknown) => string,
): string {
  if (value === undefined) return "is missing.";
  const given = print(value);
  if (!isOwn(issue)) return `${given} is not allowed.`;
  const own = issue.message.replace(/\.$/, "");
  const isComplete = isSentence(issue) || (own.includes(given) && /^(is|must) /.test(own));
  return isComplete ? ended(own) : ended(`${given} ${own}`);
}

function ended(sentence: string): string {
  return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** Whether one of our own checks says it all, including the value and the remedy. */
function isSentence(issue: z.core.$ZodIssue): boolean {
  return isOwn(issue) && /^\p{Lu}/u.test(issue.message);
}

/** Our own checks speak our language; the only zod text that they can carry is its default. */
function isOwn({ code, message }: z.core.$ZodIssue): boolean {
  const mayBe = code === "custom" || (code === "invalid_format" && !message.startsWith("Invalid "));
  return mayBe && message !== "" && message !== "Invalid input";
}

function fixFor(
  issue: z.core.$ZodIssue,
  value: unknown,
  allowed: string | undefined,
): string | undefined {
  // A text that was read as a number, as in a query, is wrong otherwise.
  const isRead =
    /^too_|^not_multiple/.test(issue.code) || ("expected" in issue && issue.expected === "int");
  const isNumber =
    !isRead && typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value));
  if (isNumber && allowed !== undefined && /number/.test(allowed) && !/text|string/.test(allowed))
    return `Write ${Number(value)} without quotes.`;
  return undefined;
}

/** The value at the path, as far as it can be read. */
function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  try {
    return path.reduce<unknown>(
      (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
      input,
    );
  } catch {
    return undefined;
  }
}

function written(path: readonly PropertyKey[]): string {
  return path.map(String).join(".").slice(0, 200);
}
