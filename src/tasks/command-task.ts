import { basename } from "node:path";
import { z } from "zod";
import { Pipeline } from "../pipeline/pipeline.ts";
import { performProgram, type ProgramOutcome } from "./program/perform-program.ts";
import {
  argumentsSchema,
  wholePathSchema,
  type ProgramOptions,
  programShape,
} from "./program/program-options.ts";
import { userNameSchema } from "./program/run-as.ts";
import type { CommandLine, ResolvedSettings } from "./task-settings.ts";
import { wordSchema } from "./word-schema.ts";

/** What the task `command` takes. */
export interface CommandParams extends ProgramOptions {
  /** The program and its arguments; with `shell`, a text for it. */
  command: string | readonly string[];
  /** Whether `command` is a text for `/bin/sh`; or the whole path of the shell that it is for, such as `"/bin/bash"`. @default false */
  shell?: boolean | string | undefined;
  /** Further arguments; of a text for a shell they are `"$1"`, `"$2"` and so on. @default none */
  args?: readonly string[] | undefined;
  /** What the program can read from its standard input. @default nothing */
  stdin?: string | undefined;
  /**
   * Who the program runs as, by name, with that user's groups and `HOME`. Only a worker of root may change to another user, and it needs
   * util-linux for that. Anybody else's worker refuses the run, unless it is that user itself.
   * @default the worker's user
   */
  user?: string | undefined;
}

const MAX_STDIN = 262_144;
const SHELL = 'must be true, false, or the whole path of a shell, such as "/bin/bash"';

const commandParamsSchema = z
  .strictObject({
    command: z.union([z.array(wordSchema()).min(1).max(1_000), wordSchema().min(1)], {
      error: 'must be a list of words, ["program", "argument"], or a text with shell: true',
    }),
    shell: z.union([z.boolean(), wholePathSchema(SHELL)], { error: SHELL }).default(false),
    args: argumentsSchema,
    stdin: z.string().max(MAX_STDIN).optional(),
    user: userNameSchema.optional(),
    ...programShape,
  })
  .superRefine(({ command, shell }, context) => {
    const isText = typeof command === "string";
    if (isText === (shell !== false)) return;
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
      const { command, shell, args, stdin, user, ...options } = context.params;
      const line: CommandLine = typeof command === "string" ? shellLine(command, shell) : command;
      const task = { line: [...line, ...args], options, stdin, user };
      return performProgram(task, context, settings);
    }
  };
}

/** What a shell calls itself, as `"$0"`, is the word behind the text. */
function shellLine(text: string, shell: boolean | string): CommandLine {
  const file = typeof shell === "string" ? shell : "/bin/sh";
  return [file, "-c", text, basename(file)];
}
