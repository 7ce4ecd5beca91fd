import { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { withSettings } from "./command-context.ts";
import { declareCare } from "./commands/declare-care.ts";
import { declareCompletion } from "./commands/declare-completion.ts";
import { declareFiles } from "./commands/declare-files.ts";
import { declareFleet } from "./commands/declare-fleet.ts";
import { declareDaemon } from "./commands/declare-daemon.ts";
import { declareJob } from "./commands/declare-job.ts";
import { declarePeople } from "./commands/declare-people.ts";
import { declareRun } from "./commands/declare-run.ts";
import { version } from "./version.ts";

/** All commands, in the order of the help. Each file declares words and flags, and loads what does the work when it is called. */
const COMMANDS = [
  declareDaemon,
  declareCare,
  declareJob,
  declareRun,
  declareFiles,
  declareFleet,
  declarePeople,
  declareCompletion,
] as const;

/** The whole command line. */
export function makeProgram(context: CommandContext): Command {
  const { io } = context;
  const program = new Command("cronduit")
    .description("Schedules jobs, and accounts for every time that was due.")
    .version(version())
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true, helpWidth: io.columns ?? 100 })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // Errors are told by `tellError`, all in the same way.
      writeErr: () => undefined,
      getOutHelpWidth: () => io.columns ?? 100,
      getOutHasColors: () => false,
    })
    .helpCommand("help [command]", "Show what a command does.");
  withSettings(program, [
    "output",
    "tz",
    "yes",
    "noInput",
    "connection",
    "prefix",
    "url",
    "token",
    "socket",
    "config",
  ]);
  for (const declare of COMMANDS) declare(program, context);
  return program;
}
