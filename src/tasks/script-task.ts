import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Pipeline } from "../pipeline/pipeline.ts";
import { performProgram, type ProgramOutcome } from "./program/perform-program.ts";
import { argumentsSchema, type ProgramOptions, programShape } from "./program/program-options.ts";
import { notConfigured, type ResolvedSettings } from "./task-settings.ts";
import { wordSchema } from "./word-schema.ts";

/** Interpreters that go by the name of a file. */
const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ["PYTHON", ".py"],
  ["BASH", ".sh"],
  ["JAVASCRIPT", ".js"],
]);

/** What the task `script` takes. */
export interface ScriptParams extends ProgramOptions {
  /** The name of an interpreter: `"PYTHON"`, `"BASH"`, `"JAVASCRIPT"`, or one of the settings; with `program`, any. */
  interpreter: string;
  /** The words that start it, before the settings of the worker. @default as the settings say */
  program?: readonly string[] | undefined;
  /** The text for it. */
  script: string;
  /** Arguments of the script. @default none */
  args?: readonly string[] | undefined;
}

/** The pipeline `script`. */
export function scriptTask(settings: ResolvedSettings) {
  const names = [...settings.interpreters.keys()];
  const oneOf = `must be one of ${names.join(", ")}`;
  const paramsSchema = z
    .strictObject({
      interpreter: z.string({ error: oneOf }).min(1).max(64).meta({ examples: names }),
      program: z.array(wordSchema(4_096)).min(1).max(100).optional(),
      script: wordSchema(262_144),
      args: argumentsSchema,
      ...programShape,
    })
    .superRefine(({ interpreter, program }, context) => {
      if (program !== undefined || settings.interpreters.has(interpreter)) return;
      const what = `the interpreter ${JSON.stringify(interpreter)}`;
      const message = notConfigured(what, interpreter, names);
      context.addIssue({ code: "custom", path: ["interpreter"], message });
    });

  return class ScriptTask extends Pipeline.with(paramsSchema) {
    static override readonly pipelineName = "script";
    static override readonly executesCode = true;

    async run(context: this["Context"]): Promise<ProgramOutcome> {
      const { interpreter, program, script, args, ...options } = context.params;
      const words = program ?? settings.interpreters.get(interpreter) ?? [];
      const path = join(settings.folder, `cronduit-script-${randomUUID()}`);
      const file = join(path, `script${EXTENSIONS.get(interpreter) ?? ""}`);
      const make = async (): Promise<void> => {
        // Only its user may enter: a script may say what others are not to know.
        await mkdir(path, { mode: 0o700 });
        await writeFile(file, script, { mode: 0o600, flag: "wx" });
      };
      try {
        const task = { line: [...words, file, ...args], options, folder: { path, make } };
        return await performProgram(task, context, settings);
      } finally {
        await rm(path, { recursive: true, force: true });
      }
    }
  };
}
