import type { Command } from "commander";
import { collect, type CommandContext } from "../command-context.ts";
import { withFilter } from "./selection-flags.ts";

/** `cronduit job …` */
export function declareJob(program: Command, context: CommandContext): void {
  const job = program.command("job").description("What runs when.");
  declareReading(job, context);
  declareWriting(job, context);
  declareBulk(job, context);
  declareTimes(job, context);
}

function declareReading(job: Command, context: CommandContext): void {
  withFilter(job.command("list"))
    .description("Jobs, the next to run first.")
    .option("--all", "All of them, not only the first page.")
    .option("--limit <count>", "Most jobs to list.", "50")
    .option("--order <order>", "next-run or id.", "next-run")
    .addHelpText(
      "after",
      "\nExamples:\n  cronduit job list --tag billing --state paused\n  cronduit job list --all -o ndjson | jq -r .id",
    )
    .action(context.does(() => import("./job/print-jobs.ts")));
  job
    .command("show <job>")
    .description("A job: its rules, how it stands, its last 60 decisions.")
    .addHelpText("after", "\nExample:\n  cronduit job show nightly-report")
    .action(context.does(() => import("./job/show-job.ts")));
}

function declareWriting(job: Command, context: CommandContext): void {
  withFields(job.command("create <job> [program...]"))
    .description("Make a job; shows when it runs, and asks.")
    .option("--shell <line>", "A line for the shell, in place of a program.")
    .option("--pipeline <name>", "A registered pipeline, in place of a program.")
    .addHelpText(
      "after",
      '\nExamples:\n  cronduit job create sync --schedule "every 2 hours" -- rsync -a /data/ backup:/data/\n' +
        '  cronduit job create clean --schedule "0 3 * * *" --timezone Europe/Berlin --shell "rm -f /tmp/*.part"',
    )
    .action(context.does(() => import("./job/create-job.ts")));
  withFields(job.command("edit <job>"))
    .description("Change what is given; shows how the next runs change, and asks.")
    .addHelpText(
      "after",
      '\nExamples:\n  cronduit job edit report --schedule "30 8 * * 1-5"\n  cronduit job edit report --set max_instances=2 --condition none',
    )
    .action(context.does(() => import("./job/edit-job.ts")));
}

function withFields(command: Command): Command {
  return command
    .option("--schedule <when>", "When: 0 9 * * 1-5, every 2 hours, 2026-12-25 09:00, PT15M.")
    .option("--manual", "In place of --schedule: only on request.")
    .option("--timezone <zone>", "The time zone of the schedule.")
    .option("--description <text>", "What it is for.")
    .option("--owner <owner>", "A user or a team; none takes it away.")
    .option(
      "--tag <tag>",
      "A tag; may be given several times, and replaces those that there are.",
      collect,
    )
    .option("--condition <condition>", "Run only if this holds; none takes it away.")
    .option("--timeout <time>", "How long a run may take, such as 10m; none takes it away.")
    .option("--retry <attempts>", "How often a failed run is tried.")
    .option("--params <json>", "What the pipeline gets.")
    .option(
      "--set <name=value>",
      "Any other option of addJob, as JSON; may be given several times.",
      collect,
    );
}

function declareBulk(job: Command, context: CommandContext): void {
  const many = (name: string): Command =>
    withFilter(job.command(`${name} [jobs...]`))
      .option("--all", "Every job.")
      .option("--dry-run", "Only tell how many, and which.")
      .option("--note <text>", "Why; kept with the change.");
  many("pause")
    .description("Pause jobs; says how many first, and asks.")
    .option("--until <time>", 'Until when: 2h, "Mon 09:00", "2026-12-07 08:00".')
    .addHelpText(
      "after",
      '\nExample:\n  cronduit job pause --tag billing --until "Mon 09:00" --note INC-4711',
    )
    .action(context.does(() => import("./job/pause-jobs.ts")));
  many("resume")
    .description(
      "Resume jobs; of one it lists what fell into the pause, and asks what becomes of it.",
    )
    .option("--missed <what>", "skip, latest or all of what fell into the pause.")
    .addHelpText("after", "\nExample:\n  cronduit job resume paypal-settlement --missed latest")
    .action(context.does(() => import("./job/resume-jobs.ts")));
  many("run")
    .description("Run jobs now; their schedules stay as they are.")
    .option("--params <json>", "Of one job: instead of its own, for this run.")
    .option("--ignore-condition", "Even if its condition is false.")
    .option("--wait", "Of one job: wait for the end; exit 1 if it does not succeed.")
    .option("--timeout <time>", "Wait at most so long, such as 10m; then exit 124.")
    .addHelpText("after", "\nExample:\n  cronduit job run nightly-report --wait --timeout 10m")
    .action(context.does(() => import("./job/run-jobs.ts")));
  many("remove")
    .description("Remove jobs; says how many first, and asks.")
    .addHelpText("after", "\nExample:\n  cronduit job remove legacy-sync")
    .action(context.does(() => import("./job/remove-jobs.ts")));
}

function declareTimes(job: Command, context: CommandContext): void {
  job
    .command("skip <job> [time]")
    .description("Skip one occurrence to come: the next, unless a time is given.")
    .option("--undo", "Take a skip back.")
    .option("--note <text>", "Why; the occurrence says it.")
    .addHelpText(
      "after",
      '\nExample:\n  cronduit job skip nightly-report "2026-12-25 01:30" --note holiday',
    )
    .action(context.does(() => import("./job/skip-occurrence-of-job.ts")));
  job
    .command("backfill <job>")
    .description("Run the fire times of the past that have no run; counts first, and asks.")
    .option("--from <time>", "From when on; in the job's time zone unless it has an offset.")
    .option("--to <time>", "Until when; now if left out.")
    .option("--concurrency <count>", "How many at once.")
    .option("--order <order>", "oldest or latest first.")
    .option("--dry-run", "Only tell how many, and which.")
    .option("--note <text>", "Why; kept with the change.")
    .option("--status", "How far the last backfill has come.")
    .option("--pause", "Start no more of its runs.")
    .option("--resume", "Go on with it.")
    .option("--cancel", "Cancel the runs that it has not started.")
    .addHelpText(
      "after",
      '\nExample:\n  cronduit job backfill nightly-report --from "2026-11-01" --order latest',
    )
    .action(context.does(() => import("./job/backfill-job.ts")));
}
