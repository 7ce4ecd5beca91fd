import { z } from "zod";
import { jobOptionsSchema } from "../jobs/options.ts";
import { triggerOptionShapes } from "../triggers/option-shapes.ts";
import { interpretersShape, jsonJobWords, tomlJobWords } from "./jobs/file-words.ts";
import { inSnakeCase } from "../core/name-case.ts";
import { RULE_NAMES } from "./jobs/spelling.ts";
import { keyOf, FILE_SUFFIX, SETTINGS } from "./settings/setting-infos.ts";
import { settingsSchema } from "./settings/settings-schema.ts";

/** A JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema of TOML files. It helps while writing; how options fit together, and what a schedule or a condition means, only
 * `readToml` checks.
 */
export function tomlFileSchema(): JsonSchema {
  const job = z.strictObject({ ...optionFields(), ...tomlJobWords });
  const file = z.strictObject({
    $schema: z.string().optional(),
    ...settingFields(),
    interpreters: interpretersShape.optional(),
    jobs: z.record(z.string().min(1).max(128), job).optional(),
  });
  return described("cronduit.toml", file);
}

/** The JSON Schema of job files in JSON; see {@link tomlFileSchema}. */
export function jobFileSchema(): JsonSchema {
  const fields = { ...optionFields(), ...jsonJobWords };
  return described(
    "A job of cronduit",
    z.strictObject({ $schema: z.string().optional(), ...fields }),
  );
}

/** The settings that a file may have above its tables. */
function settingFields(): Record<string, z.ZodType> {
  const fields: [string, z.ZodType][] = [];
  for (const { name, isSecret, isInFiles } of SETTINGS) {
    if (!isInFiles) continue;
    const key = keyOf(name);
    fields.push([key, settingsSchema.shape[name].optional()]);
    const inFile = `A file that has \`${key}\`.`;
    if (isSecret) fields.push([key + FILE_SUFFIX, z.string().optional().describe(inFile)]);
  }
  return Object.fromEntries(fields);
}

/** The options of `addJob` that files have, each optional. */
function optionFields(): Record<string, z.ZodType> {
  const rules = Object.entries(jobOptionsSchema.shape).filter(([name]) => RULE_NAMES.has(name));
  const timing = new Map<string, z.ZodType[]>([["trigger", [z.unknown()]]]);
  for (const shape of Object.values(triggerOptionShapes))
    for (const [name, schema] of Object.entries<z.ZodType>(shape))
      timing.set(name, [...(timing.get(name) ?? []), schema]);
  // Several kinds of trigger have a field of the same name.
  const fields = [...timing].map(([name, forms]) => [name, z.union(forms).optional()] as const);
  const all = [...rules, ...fields].map(([name, schema]) => [name, schema.optional()] as const);
  return Object.fromEntries(all);
}

function described(title: string, schema: z.ZodType): JsonSchema {
  const made = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      // What is allowed in words, where a schema can't say it.
      const { allowed } = jsonSchema;
      delete jsonSchema["allowed"];
      if (typeof allowed === "string") jsonSchema.description ??= `Allowed: ${allowed}.`;
    },
  });
  return { title, ...(inFiles(made) as JsonSchema) };
}

/** The schema with the names of fields as files have them. */
function inFiles(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(inFiles);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === "properties") return [key, renamed(value as Record<string, unknown>)];
      return [key, key === "default" || key === "enum" || key === "const" ? value : inFiles(value)];
    }),
  );
}

function renamed(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [inSnakeCase(name), inFiles(value)]),
  );
}
