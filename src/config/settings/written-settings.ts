import { checkValue } from "../jobs/told.ts";
import { isTable, isWritten, spanOfKey, type WrittenJob } from "../jobs/written-job.ts";
import type { Problem } from "../file-problem.ts";
import { type FileContent, readSource } from "../source/read-source.ts";
import { parseToml } from "../source/toml-document.ts";
import { FILE_SUFFIX, keyOf, namesOf, SETTINGS } from "./setting-infos.ts";
import { type SettingName, settingsSchema } from "./settings-schema.ts";
import { z } from "zod";

const pathShape = z.string().min(1).max(4_096);

/** The keys of settings that a TOML file may have beside its tables. */
export const SETTING_KEYS: readonly string[] = SETTINGS.filter(
  ({ isInFiles }) => isInFiles,
).flatMap((info) => namesOf(info, keyOf));

/** A setting as a file has it. */
export interface WrittenSetting {
  readonly name: SettingName;
  readonly value: unknown;
  /** Whether the value is the path of a file that has it. */
  readonly isPath: boolean;
  /** From 1. */
  readonly line: number;
}

/** Checks the settings of a TOML file, and tells what is wrong with them. */
export function checkSettings(whole: WrittenJob): WrittenSetting[] {
  const found: WrittenSetting[] = [];
  for (const { name, isSecret, isInFiles } of SETTINGS) {
    const key = keyOf(name);
    const pathKey = key + FILE_SUFFIX;
    if (!isInFiles) continue;
    const line = (at: string) => whole.source.placeOf(spanOfKey(whole, at)).line;
    if (isWritten(whole, key)) {
      const checked = { schema: settingsSchema.shape[name], value: whole.fields[key] };
      const value: unknown = checkValue(whole, key, { ...checked, code: "INVALID_VALUE" });
      if (value !== undefined) found.push({ name, value, isPath: false, line: line(key) });
    }
    if (!isSecret || !isWritten(whole, pathKey)) continue;
    if (isWritten(whole, key))
      whole.problems.add(spanOfKey(whole, pathKey), {
        code: "INVALID_VALUE",
        message: `${pathKey}: ${key} is there, too.`,
        hint: "Leave one of them out.",
      });
    const checked = { schema: pathShape, value: whole.fields[pathKey] };
    const value = checkValue(whole, pathKey, { ...checked, code: "INVALID_VALUE" });
    if (value !== undefined) found.push({ name, value, isPath: true, line: line(pathKey) });
  }
  return found;
}

/** Reads the settings of a TOML file alone: what is wrong with its jobs is nothing to who only asks for them. */
export function readWrittenSettings(
  content: FileContent,
  file: string,
): { readonly settings: readonly WrittenSetting[]; readonly problems: readonly Problem[] } {
  const { source, problems } = readSource(content, file);
  const document = problems.hasErrors ? undefined : parseToml(source, problems);
  if (!document || !isTable(document.value)) return { settings: [], problems: problems.all() };
  const { places } = document;
  const whole = { fields: document.value, path: [], places, source, problems };
  const settings = checkSettings(whole);
  return { settings, problems: problems.all() };
}
