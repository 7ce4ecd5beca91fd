import type { Command } from "commander";
import { type CommandContext, withSettings } from "../command-context.ts";

/** `cronduit doctor`, `cronduit migrate` and `cronduit move` */
export function declareCare(program: Command, context: CommandContext): void {
  withSettings(
    program
      .command("doctor")
      .description(
        "Look whether server, clocks, schedules, workers and files are as they should be.",
      )
      .option("--fix", "Mend what can be mended safely.")
      .addHelpText(
        "after",
        `
It ends with 1 if there is a problem, and with 0 otherwise.

Examples:
  cronduit doctor
  cronduit doctor --fix
  cronduit doctor -o json | jq '.items[] | select(.level == "problem")'`,
      ),
    ["jobsDir", "crontab", "systemCrontab"],
  ).action(context.does(() => import("./care/doctor.ts")));
  program
    .command("migrate")
    .description("Bring the schema on PostgreSQL, or in a folder, to this version.")
    .option("--queues <names>", "Queues besides the default one, with commas between.")
    .option(
      "--grant-to <roles>",
      "Roles that may use the schema and not change it, with commas between.",
    )
    .addHelpText(
      "after",
      `
A daemon does so by itself when it starts, if its role may create; this is for a role that owns the schema.

Examples:
  cronduit migrate --connection postgres://owner@127.0.0.1/app --grant-to app`,
    )
    .action(context.does(() => import("./care/migrate.ts")));
  program
    .command("move")
    .description("Move all jobs and their history to another place, or into a file and out of it.")
    .requiredOption(
      "--to <place>",
      "Where to: redis://…, postgres://…, embedded://folder, or a file.",
    )
    .option("--from <place>", "Where from; the connection, unless it is said.")
    .option("--logs", "The logs of runs, too.")
    .option("--resume", "Only copy it: afterwards, the fleet goes on where it was.")
    .addHelpText(
      "after",
      `
The fleet is paused and stays so, that nothing runs at both places. Stop a daemon on an embedded folder first.

Examples:
  cronduit move --connection embedded:///var/lib/cronduit --to postgres://127.0.0.1/app
  cronduit move --to backup.ndjson --resume
  cronduit move --from backup.ndjson --to redis://127.0.0.1`,
    )
    .action(context.does(() => import("./care/move.ts")));
}
