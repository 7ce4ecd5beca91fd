import { z } from "zod";
import { Pipeline } from "../pipeline/pipeline.ts";
import { performProgram, type ProgramOutcome } from "./program/perform-program.ts";
import { type ProgramOptions, programShape } from "./program/program-options.ts";
import type { CommandLine, ResolvedSettings } from "./task-settings.ts";
import { wordSchema } from "./word-schema.ts";

/** What the task `command` takes. */
export interface CommandParams extends ProgramOptions {
  /** The program and its arguments; with `shell`, a text for `/bin/sh`. */
  command: string | readonly string[];
  /** Whether `command` is a text for a shell. @default false */
  shell?: boolean | undefined;
  /** Further arguments; of a text for a shell they are `"$1"`, `"$2"` and so on. @default none */
  args?: readonly string[] | undefined;
}

const commandParamsSchema = z
  .strictObject({
    command: z.union([z.array(wordSchema()).min(1).max(1_000), wordSchema().min(1)], {
      error: 'must be a list of words, ["program", "argument"], or a text with shell: true',
    }),
    shell: z.boolean().default(false),
    args: z.array(wordSchema()).max(1_000).default([]),
    ...programShape,
  })
  .superRefine(({ command, shell }, context) => {
    const isText = typeof command === "string";
    if (isText === shell) return;
    const words = isText ? JSON.stringify(command.trim().split(/\s+/)).slice(0, 200) : "";
    const message = isText
      ? `is a text, which only a shell can read. Write a list of words, ${words}, or add shell: true`
      : "is a list of words, which needs no shell. Leave shell out, or write a text";
    context.addIssue({ code: "custom", path: ["command"], message });
  });

/** The pipeline `command`. */
export function commandTask(settings: ResolvedSettings) {
  return class CommandTask extends Pipeline.with(commandParamsSchema) {
    static override readonly pipelineName = "command";
    static override readonly executesCode = true;

    async run(context: this["Context"]): Promise<ProgramOutcome> {
      const { command, args, ...options } = context.params;
      const line: CommandLine =
        typeof command === "string" ? ["/bin/sh", "-c", command, "sh"] : command;
      return performProgram({ line: [...line, ...args], options }, context, settings);
    }
  };
}
