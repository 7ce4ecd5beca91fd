import { fieldsOf } from "../../core/allowed.ts";
import { inSnakeCase } from "../../core/name-case.ts";
import { JOB_OPTION_NAMES, jobOptionsSchema } from "../../jobs/options.ts";
import { triggerOptionShapes } from "../../triggers/option-shapes.ts";

/** Options of `addJob` that mean nothing in a file, which is read again and again. */
const NOT_IN_FILES: ReadonlySet<string> = new Set(["id", "replaceExisting", "ifRevision"]);

/** The fields of all kinds of trigger, in camelCase. */
export const TRIGGER_NAMES: ReadonlySet<string> = new Set([
  "trigger",
  ...Object.values(triggerOptionShapes).flatMap((shape) => Object.keys(shape)),
]);

/** The rules of a job that a file may have, in camelCase. */
export const RULE_NAMES: ReadonlySet<string> = new Set(
  [...JOB_OPTION_NAMES].filter((name) => !NOT_IN_FILES.has(name)),
);

/** Names that look otherwise in a file. */
const OTHERWISE: readonly string[] = [
  ...JOB_OPTION_NAMES,
  ...TRIGGER_NAMES,
  ...Object.values(jobOptionsSchema.shape).flatMap(fieldsOf),
].filter((name) => /[A-Z]/.test(name));

const IN_TEXT = new RegExp(String.raw`\b(?:${[...new Set(OTHERWISE)].join("|")})\b`, "g");

/** A message about options, with their names as they are in files. */
export function inWordsOfFiles(message: string): string {
  return message.replaceAll(IN_TEXT, inSnakeCase);
}
