import type { z } from "zod";
import { inCamelCase, inSnakeCase } from "../../core/name-case.ts";
import { variablesSchema } from "../../tasks/program/environment.ts";
import { argumentsSchema, programShape } from "../../tasks/program/program-options.ts";
import { secretReferenceSchema } from "../../tasks/secret-references.ts";
import { inParams } from "./in-options.ts";
import { spanOfKey, type WrittenJob } from "./written-job.ts";

// The job has a timeout of its own, which a file means.
const { timeout: _, ...shape } = {
  ...programShape,
  args: argumentsSchema,
  // Somebody may have written the secret itself.
  secrets: variablesSchema(secretReferenceSchema.meta({ secret: true })),
};

/** What a command of a file may say of how its program is run: params of the tasks `command` and `script`. */
export const taskWords: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  Object.entries(shape).map(([name, schema]) => [
    inSnakeCase(name),
    schema.optional().describe(`\`${name}\` of the task.`),
  ]),
);

/** Those that a job says, as the tasks have them. Beside a pipeline they are refused: that has its own. */
export function howToRun(job: WrittenJob): Readonly<Record<string, unknown>> | undefined {
  const keys = Object.keys(job.fields).filter((key) => Object.hasOwn(taskWords, key));
  if (keys.length === 0) return undefined;
  if (!Object.hasOwn(job.fields, "pipeline"))
    return Object.fromEntries(
      keys.map((key) => [inCamelCase(key), inParams(job, job.fields[key], [key])]),
    );
  for (const key of keys)
    job.problems.add(spanOfKey(job, key), {
      code: "INVALID_VALUE",
      message: `${key}: has no meaning with "pipeline".`,
      hint: `Write it into params, as ${inCamelCase(key)}, if the pipeline takes it.`,
    });
  return undefined;
}
