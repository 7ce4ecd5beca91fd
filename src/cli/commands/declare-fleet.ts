import type { Command } from "commander";
import { collect, type CommandContext } from "../command-context.ts";

/** Commands about everything at once. */
export function declareFleet(program: Command, context: CommandContext): void {
  program
    .command("why <job>")
    .description("Why it ran or did not: in words, with evidence and a reason code.")
    .option("--at <time>", "Which occurrence; in the job's time zone unless it has an offset.")
    .addHelpText(
      "after",
      '\nExamples:\n  cronduit why nightly-report\n  cronduit why nightly-report --at "2026-11-20 00:00" -o json',
    )
    .action(context.does(() => import("./fleet/explain-why.ts")));
  program
    .command("preview <schedule>")
    .description("A schedule in words, with its next times.")
    .option("--count <count>", "How many times.", "5")
    .option("--timezone <zone>", "The zone of the schedule; that of the reader if left out.")
    .option("--from <time>", "From when on; now if left out.")
    .option("--job <job>", "For which job: it fixes the values of H, and jitter.")
    .addHelpText("after", '\nExample:\n  cronduit preview "30 2 * * *" --timezone Europe/Berlin')
    .action(context.does(() => import("./fleet/preview-schedule.ts")));
  program
    .command("events")
    .description("What happens, as it happens.")
    .option("-f, --follow", "Go on until Ctrl-C.")
    .option("--since <id>", "From the event with this id on.")
    .option(
      "--name <name>",
      "Only events of this name, such as JOB_ERROR; may be given several times.",
      collect,
    )
    .option("--job <job>", "Only of this job.")
    .option("--owner <owner>", "Only of this owner's jobs.")
    .option("--tag <tag>", "Only of jobs with this tag.")
    .addHelpText("after", "\nExample:\n  cronduit events -f --name JOB_ERROR,JOB_MISSED -o ndjson")
    .action(context.does(() => import("./fleet/follow-events.ts")));
  program
    .command("workers")
    .description("The live workers.")
    .addHelpText("after", "\nExample:\n  cronduit workers")
    .action(context.does(() => import("./fleet/print-workers.ts")));
  program
    .command("stats")
    .description("What became of occurrences, counted.")
    .option("--job <job>", "Only of this job; may be given several times.", collect)
    .option("--owner <owner>", "Only of this owner's jobs; may be given several times.", collect)
    .option("--since <time>", "From when on: a time, or how long ago, such as 7d.")
    .option("--until <time>", "Until when.")
    .option("--by <period>", "hour, day or total.")
    .addHelpText("after", "\nExample:\n  cronduit stats --since 7d --by day")
    .action(context.does(() => import("./fleet/print-stats.ts")));
  program
    .command("cleanup-logs <job>")
    .description("Delete the logs of a job's runs.")
    .option(
      "--before <time>",
      "Only those of before; in the job's time zone unless it has an offset.",
    )
    .option("--all", "All of them.")
    .addHelpText(
      "after",
      '\nExample:\n  cronduit cleanup-logs job_1 --before "2026-12-01 00:00:00"',
    )
    .action(context.does(() => import("./fleet/cleanup-job-logs.ts")));
  program
    .command("config")
    .description("Every setting, its value and where it comes from; secrets masked.")
    .addHelpText("after", "\nExample:\n  cronduit config -o json")
    .action(context.does(() => import("./fleet/print-config.ts")));
}
