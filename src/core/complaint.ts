import type { z } from "zod";
import { allowedBy, fieldsOf, isSecretAt, schemaAt } from "./allowed.ts";
import { shown, shownKind } from "./shown.ts";
import { suggest } from "./suggest.ts";

/** What is wrong with a value that a schema refused, without a word of the library that found it. */
export interface Complaint {
  /** Where, from the value that was checked: `retention.count`; empty for the value itself. */
  readonly path: string;
  /** The same for the reader: of an unknown name, what it stands in. */
  readonly place: string;
  /** A sentence or more, to follow the place and a colon: what was written, what is wrong, what is allowed. */
  readonly what: string;
  /** What was likely meant by an unknown name. */
  readonly suggestion?: string | undefined;
  /** The check of our own that was not met, if it was one. */
  readonly custom?: z.core.$ZodIssueCustom | undefined;
}

/** Puts the first thing that `schema` found wrong with `input` into our words. */
export function complain(
  error: z.core.$ZodError,
  schema: z.core.$ZodType,
  input: unknown,
): Complaint {
  const issue = error.issues[0] && nearest(error.issues[0]);
  if (!issue) return { path: "", place: "", what: "is not valid." };
  const at = issue.path;
  if (issue.code === "unrecognized_keys") return unknownNames(issue.keys, at, schemaAt(schema, at));
  const value = valueAt(input, at);
  const print = isSecretAt(schema, at) ? shownKind : shown;
  const place = schemaAt(schema, at);
  const allowed = place && allowedBy(place);
  const suggestion: unknown = issue.code === "custom" ? issue.params?.["suggestion"] : undefined;
  const isComplete = isSentence(issue) || suggestion !== undefined;
  const parts = isComplete ? [] : [allowed && `Allowed: ${allowed}.`, wayOut(value, allowed)];
  return {
    path: written(at),
    place: written(at),
    what: [problemOf(issue, value, print), ...parts].filter(Boolean).join(" "),
    suggestion: typeof suggestion === "string" ? suggestion : undefined,
    custom: issue.code === "custom" ? issue : undefined,
  };
}

/** Of the ways to write a value, the one that was most likely meant: what its own parts complain about. */
function nearest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const ways = issue.errors.flatMap((issues) => {
    const first = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
    return first ? [nearest(first)] : [];
  });
  const meant =
    ways.find(({ code, path }) => path.length > 0 || code === "unrecognized_keys") ??
    ways.find(({ code }) => code !== "invalid_type" && code !== "invalid_value");
  return meant ? { ...meant, path: [...issue.path, ...meant.path] } : issue;
}

function unknownNames(
  keys: readonly string[],
  at: readonly PropertyKey[],
  schema: z.core.$ZodType | undefined,
): Complaint {
  const known = schema ? fieldsOf(schema) : [];
  const suggestion = keys.map((key) => suggest(key, known)).find((near) => near !== undefined);
  const hint =
    suggestion !== undefined
      ? ` Did you mean "${suggestion}"?`
      : known.length > 0
        ? ` Known are ${known.join(", ")}.`
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
  const isTold = isSentence(issue) || (own.includes(given) && /^(is|must) /.test(own));
  return isTold ? ended(own) : ended(`${given} ${own}`);
}

function ended(sentence: string): string {
  return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** Checks of our own that say everything, the value and the way out too. */
function isSentence(issue: z.core.$ZodIssue): boolean {
  return isOwn(issue) && /^\p{Lu}/u.test(issue.message);
}

/** Checks of our own speak our language; zod's default is the only text of zod that they can have. */
function isOwn({ code, message }: z.core.$ZodIssue): boolean {
  const mayBe = code === "custom" || (code === "invalid_format" && !message.startsWith("Invalid "));
  return mayBe && message !== "" && message !== "Invalid input";
}

function wayOut(value: unknown, allowed: string | undefined): string | undefined {
  const isNumber =
    typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value));
  if (isNumber && allowed !== undefined && /number/.test(allowed) && !/text/.test(allowed))
    return `Write ${Number(value)} without quotes.`;
  return undefined;
}

/** What stands at the path, as far as it can be read. */
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
