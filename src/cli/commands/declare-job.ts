import type { Command } from "commander";
import { collect, type CommandContext } from "../command-context.ts";

/** `cronduit job …` */
export function declareJob(program: Command, context: CommandContext): void {
  const job = program.command("job").description("What runs when.");
  withFilter(job.command("list"))
    .description("Jobs, the next to run first.")
    .option("--all", "All of them, not only the first page.")
    .option("--limit <count>", "Most jobs to list.", "50")
    .option("--order <order>", "next-run or id.", "next-run")
    .addHelpText("after", EXAMPLES.list)
    .action(context.does(() => import("./job/print-jobs.ts")));
}

/** Adds the flags that say which jobs are meant. */
function withFilter(command: Command): Command {
  return command
    .option("--tag <tag>", "Only those with this tag.")
    .option("--owner <owner>", "Only those of this owner; may be given several times.", collect)
    .option("--state <state>", "active, paused or finished; may be given several times.", collect)
    .option("--source <source>", "Only those declared by it: code, api, file:<name>.", collect)
    .option("--pipeline <name>", "Only those of this pipeline.")
    .option("--queue <queue>", "Only those on this queue.")
    .option("--text <text>", "Only those with this in the id, the pipeline or the description.");
}

const EXAMPLES = {
  list: `
Examples:
  cronduit job list --tag billing --state paused
  cronduit job list --all -o ndjson | jq -r .id`,
} as const;
