import type { Command } from "commander";
import type { Contract } from "../../api/contract.ts";
import type { BodyInputOf, QueryInputOf } from "../../api/contract/route.ts";
import { CliError } from "../cli-error.ts";
import { collect } from "../command-context.ts";
import type { Flags } from "../settings.ts";

/** Which jobs are meant, as the API takes it. */
export type JobFilter = Omit<NonNullable<QueryInputOf<Contract["countJobs"]>>, "by">;

const NAMES = ["tag", "owner", "state", "source", "pipeline", "queue", "text"] as const;

/** Adds the flags that say which jobs are meant. */
export function withFilter(command: Command): Command {
  return command
    .option("--tag <tag>", "Only those with this tag.")
    .option("--owner <owner>", "Only those of this owner; may be given several times.", collect)
    .option("--state <state>", "active, paused or finished; may be given several times.", collect)
    .option("--source <source>", "Only those declared by it: code, api, file:<name>.", collect)
    .option("--pipeline <name>", "Only those of this pipeline.")
    .option("--queue <queue>", "Only those on this queue.")
    .option("--text <text>", "Only those with this in the id, the pipeline or the description.");
}

/** The filter that flags say. */
export function filterOf(flags: Flags): JobFilter {
  const given = NAMES.filter((name) => flags[name] !== undefined).map((name) => [
    name,
    flags[name],
  ]);
  return Object.fromEntries(given) as JobFilter;
}

/** The flags of a filter as they were written, to be repeated in a hint. */
export function writtenFilter(flags: Flags): string {
  return NAMES.flatMap((name) =>
    flags[name] === undefined
      ? []
      : [flags[name]].flat().map((value) => `--${name} ${String(value)}`),
  ).join(" ");
}

/**
 * The jobs that ids, a filter or `--all` name, as bulk calls take them.
 * @throws {@link CliError} `USAGE` if nothing is named: it never means everything
 */
export function selectionOf(
  ids: readonly string[],
  flags: Flags,
): Pick<BodyInputOf<Contract["bulkJobs"]>, "ids" | "filter" | "all"> {
  const filter = filterOf(flags);
  const isFiltered = Object.keys(filter).length > 0;
  if (flags["all"] === true) {
    if (ids.length > 0 || isFiltered)
      throw new CliError("USAGE", "--all is every job, and something else is named, too.");
    return { all: true };
  }
  if (ids.length === 0 && !isFiltered)
    throw new CliError("USAGE", "Which jobs?", "Name them, give a filter such as --tag, or --all.");
  return {
    ...(ids.length > 0 && { ids: [...ids] }),
    ...(isFiltered && { filter }),
  };
}
