import type { Command } from "commander";
import { collect, type CommandContext } from "../command-context.ts";

/** `cronduit run …` */
export function declareRun(program: Command, context: CommandContext): void {
  const run = program.command("run").description("What became of each time that was due.");
  run
    .command("list")
    .description("Runs, and occurrences that did not run, the latest first.")
    .option("--verdict <verdict>", "Only these, with commas: failed,missed,skipped.", collect)
    .option("--since <time>", "From when on: a time, or how long ago, such as 24h.")
    .option("--until <time>", "Until when.")
    .option("--job <job>", "Only of this job.")
    .option("--reason <reason>", "Only those skipped for this reason: condition, paused, …")
    .option("--owner <owner>", "Only of this owner's jobs.")
    .option("--tag <tag>", "Only of jobs with this tag.")
    .option("--pipeline <name>", "Only of this pipeline.")
    .option("--trigger <trigger>", "scheduled, manual or backfill.")
    .option("--worker <worker>", "Only of this worker.")
    .option("--text <text>", "Only with this in the error.")
    .option("--all", "All of them, not only the first page.")
    .option("--limit <count>", "Most runs to list.", "50")
    .addHelpText(
      "after",
      "\nExample:\n  cronduit run list --verdict missed,skipped --since 24h -o ndjson | jq -r .reason | sort | uniq -c",
    )
    .action(context.does(() => import("./run/print-runs.ts")));
  run
    .command("show <run>")
    .description("A run, or the last one of a job.")
    .addHelpText("after", "\nExample:\n  cronduit run show nightly-report")
    .action(context.does(() => import("./run/print-run.ts")));
  run
    .command("logs <run>")
    .description("The log of a run, or of the last one of a job.")
    .option("-f, --follow", "As it is written, until the run ends.")
    .option("--text <text>", "Only lines with this, literally.")
    .option(
      "--level <level>",
      "Only these, with commas: debug, info, warn, error, output.",
      collect,
    )
    .option("--raw", "As it was written, with whatever commands the terminal.")
    .addHelpText("after", "\nExample:\n  cronduit run logs nightly-report --follow")
    .action(context.does(() => import("./run/print-logs.ts")));
  run
    .command("cancel <runs...>")
    .description("Cancel runs that have no verdict yet.")
    .option("--reason <text>", "Why; kept with the run.")
    .addHelpText(
      "after",
      '\nExample:\n  cronduit run cancel nightly-report:1:1796062459744 --reason "wrong data"',
    )
    .action(context.does(() => import("./run/cancel-runs.ts")));
  run
    .command("retry <run>")
    .description("Run it again, or make up for an occurrence that did not run.")
    .option("--ignore-condition", "Even if the job's condition is false.")
    .option("--wait", "Wait for its end; exit 1 if it does not succeed.")
    .option("--timeout <time>", "Wait at most so long, such as 10m; then exit 124.")
    .addHelpText("after", "\nExample:\n  cronduit run retry nightly-report --wait")
    .action(context.does(() => import("./run/retry-runs.ts")));
}
