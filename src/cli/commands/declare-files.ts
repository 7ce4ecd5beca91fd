import type { Command } from "commander";
import { type CommandContext, withSettings } from "../command-context.ts";

/** `cronduit validate`, `diff`, `apply`, `export` and `import`: what has to do with job files. */
export function declareFiles(program: Command, context: CommandContext): void {
  withFiles(program.command("validate"))
    .description("Check job files, and look a year ahead for what may surprise. Needs no fleet.")
    .addHelpText("after", "\nExample:\n  cronduit validate --jobs-dir jobs.d -o json")
    .action(context.does(() => import("./files/validate-files.ts")));
  withFiles(program.command("diff"))
    .description("What job files would change; exit 8 if that is anything.")
    .option("--no-prune", "Without jobs that no file has any more.")
    .option("--count <runs>", "How many next runs of each job are compared.", "5")
    .addHelpText("after", "\nExample:\n  cronduit diff --jobs-dir jobs.d")
    .action(context.does(() => import("./files/diff-files.ts")));
  withFiles(program.command("apply"))
    .description("Make the jobs what the files say, as a whole or not at all.")
    .option("--prune", "Remove the jobs of this source that no file has any more.")
    .option("--dry-run", "Change nothing; say what would be done.")
    .addHelpText("after", "\nExample:\n  cronduit apply --prune --yes")
    .action(context.does(() => import("./files/apply-files.ts")));
  withSettings(program.command("export"), ["source"])
    .description("Write the jobs of the fleet as cronduit.toml, or as a folder of job files.")
    .option("--to <folder>", "Write a file for each job into this folder.")
    .option("--of <source>", "Only jobs of this source: code, api, file:<name>.")
    .addHelpText("after", "\nExample:\n  cronduit export > cronduit.toml")
    .action(context.does(() => import("./files/write-export.ts")));
  program
    .command("import")
    .description("Jobs of other schedulers as job files.")
    .command("crontab <file>")
    .description("Write a crontab as cronduit.toml; - reads it from standard input.")
    .option("--system", "Each line names a user, as in /etc/crontab.")
    .addHelpText("after", "\nExample:\n  crontab -l | cronduit import crontab - > cronduit.toml")
    .action(context.does(() => import("./files/import-crontab.ts")));
}

function withFiles(command: Command): Command {
  return withSettings(command, ["jobsDir", "crontab", "systemCrontab", "source"]);
}
