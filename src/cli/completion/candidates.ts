import type { Command, Option } from "commander";
import type { Call } from "../call.ts";
import { VERDICTS } from "../../jobs/verdict.ts";
import { harmless } from "../output/harmless.ts";

/** A word that may stand next. */
interface Candidate {
  readonly word: string;
  readonly about?: string;
}

/** Words that options take. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  output: ["table", "json", "ndjson"],
  state: ["active", "paused", "finished"],
  verdict: [...VERDICTS, "running", "queued"],
  missed: ["skip", "latest", "all"],
  trigger: ["scheduled", "manual", "backfill"],
  role: ["viewer", "editor", "admin"],
  by: ["hour", "day", "total"],
  level: ["debug", "info", "warn", "error", "output"],
};
const ZONES: ReadonlySet<string> = new Set(["tz", "timezone"]);
const MOST_JOBS = 200;

/** Writes the candidates for the last of the words that were typed. */
export async function complete(
  call: Call,
  program: Command,
  words: readonly string[],
): Promise<void> {
  const current = words.at(-1) ?? "";
  const found = await candidatesFor(call, program, words.slice(0, -1), current);
  const fitting = found.filter(({ word }) => word.startsWith(current) && word === harmless(word));
  call.print(
    ...fitting.map(({ word, about }) =>
      about === undefined ? word : `${word}\t${harmless(about)}`,
    ),
  );
}

async function candidatesFor(
  call: Call,
  program: Command,
  before: readonly string[],
  current: string,
): Promise<readonly Candidate[]> {
  const { command, waiting, given } = readWords(program, before);
  if (waiting) return valuesOf(call, waiting, current);
  if (current.startsWith("-")) return optionsOf(command);
  if (command.commands.length > 0)
    return command
      .createHelp()
      .visibleCommands(command)
      .map((each) => ({ word: each.name(), about: each.description() }));
  const takes =
    command.registeredArguments[Math.min(given, command.registeredArguments.length - 1)];
  if (takes === undefined || (given >= command.registeredArguments.length && !takes.variadic))
    return [];
  if (takes.name() === "shell") return ["bash", "zsh", "fish"].map((word) => ({ word }));
  return /^jobs?$/.test(takes.name()) ? jobsLike(call, current) : [];
}

/** The command that the words lead to, how many of its own words are there, and the option whose value comes next. */
function readWords(program: Command, words: readonly string[]) {
  let command = program;
  let waiting: Option | undefined;
  let given = 0;
  for (const word of words) {
    if (waiting) {
      waiting = undefined;
      continue;
    }
    if (word.startsWith("-")) {
      const option = allOptions(command).find(({ long, short }) => word === long || word === short);
      waiting = option?.required ? option : undefined;
      continue;
    }
    const next = command.commands.find((each) => each.name() === word);
    if (next) command = next;
    else given += 1;
  }
  return { command, waiting, given };
}

function allOptions(command: Command): Option[] {
  return [...command.options, ...(command.parent ? allOptions(command.parent) : [])];
}

function optionsOf(command: Command): Candidate[] {
  return allOptions(command)
    .filter(({ hidden }) => !hidden)
    .map(({ long, short, description }) => ({ word: long ?? short ?? "", about: description }));
}

function valuesOf(call: Call, option: Option, current: string): Promise<Candidate[]> | Candidate[] {
  const name = option.attributeName();
  if (name === "job") return jobsLike(call, current);
  const words = ZONES.has(name)
    ? ["UTC", ...Intl.supportedValuesOf("timeZone")]
    : (VALUES[name] ?? []);
  return words.map((word) => ({ word }));
}

/** Ids of jobs, if a fleet answers: who completes a word wants no errors. */
async function jobsLike(call: Call, current: string): Promise<Candidate[]> {
  try {
    const client = await call.client();
    const text = current === "" ? {} : { text: current };
    const { items } = await client.listJobs({ query: { ...text, order: "id", limit: MOST_JOBS } });
    return items.map(({ id, schedule }) => ({ word: id, about: schedule }));
  } catch {
    return [];
  }
}
