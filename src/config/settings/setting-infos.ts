import type { z } from "zod";
import { inSnakeCase } from "../../core/name-case.ts";
import { type SettingName, settingsSchema } from "./settings-schema.ts";

/** What one setting is. */
export interface SettingInfo {
  readonly name: SettingName;
  /** What it says on the command line: nothing (`switch`), a text, a number, or several texts. */
  readonly takes: "switch" | "text" | "number" | "list";
  readonly description: string;
  /** What stands for its value in the help. */
  readonly value: string;
  /** Whether it is shown masked, and may stand in a file instead. */
  readonly isSecret: boolean;
  /** Whether `cronduit.toml` may have it. */
  readonly isInFiles: boolean;
  readonly default: unknown;
}

/** What people write for a secret that stands in a file. */
export const FILE_SUFFIX = "_file";

/** All settings, in their order. */
export const SETTINGS: readonly SettingInfo[] = Object.entries(settingsSchema.shape).map(
  ([name, schema]) => infoOf(name as SettingName, schema),
);

/** The setting of this name. */
export function settingOf(name: SettingName): SettingInfo {
  const found = SETTINGS.find((info) => info.name === name);
  if (!found) throw new Error(`There is no setting ${name}.`);
  return found;
}

/** The flag of a setting: `--log-level`. */
export function flagOf(name: string): string {
  return `--${inSnakeCase(name).replaceAll("_", "-")}`;
}

/** The variable of a setting: `CRONDUIT_LOG_LEVEL`. */
export function variableOf(name: string): string {
  return `CRONDUIT_${inSnakeCase(name).toUpperCase()}`;
}

/** The key of a setting in `cronduit.toml`: `log_level`. */
export const keyOf = inSnakeCase;

/** A setting's name as `spell` writes it; of a secret also that of a file that has it. */
export function namesOf(info: SettingInfo, spell: (name: string) => string): string[] {
  const name = spell(info.name);
  if (!info.isSecret) return [name];
  return [name, name + (name === name.toUpperCase() ? FILE_SUFFIX.toUpperCase() : FILE_SUFFIX)];
}

function infoOf(name: SettingName, schema: z.ZodType): SettingInfo {
  const layers = layersOf(schema);
  const meta = Object.assign({}, ...layers.toReversed().map((layer) => layer.meta() ?? {})) as {
    readonly description?: string;
    readonly value?: string;
    readonly secret?: boolean;
    readonly isNotInFiles?: boolean;
  };
  const innermost = layers.at(-1)?.def.type;
  const takes =
    innermost === "boolean"
      ? "switch"
      : innermost === "array"
        ? "list"
        : innermost === "number"
          ? "number"
          : "text";
  return {
    name,
    takes,
    description: meta.description ?? "",
    value: meta.value ?? "value",
    isSecret: meta.secret === true,
    isInFiles: meta.isNotInFiles !== true,
    default: schema.safeParse(undefined).data,
  };
}

/** A schema, and what is within it if it is optional or has a default. */
function layersOf(schema: z.ZodType): z.ZodType[] {
  const { innerType } = schema.def as { readonly innerType?: z.ZodType };
  return innerType ? [schema, ...layersOf(innerType)] : [schema];
}
