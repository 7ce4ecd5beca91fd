import type { Contract } from "../../../api/contract.ts";
import type { AnswerOf, BodyInputOf } from "../../../api/contract/route.ts";
import { counted } from "../../../core/counted.ts";
import type { Call } from "../../call.ts";
import { confirm } from "../../confirm.ts";
import { EXIT, exitCodeOf } from "../../exit-codes.ts";
import { harmless } from "../../output/harmless.ts";
import { wholeTime } from "../../output/times.ts";
import { selectionOf, writtenFilter } from "../selection-flags.ts";
import { jobNotFound } from "./job-not-found.ts";

type Body = BodyInputOf<Contract["bulkJobs"]>;
type Result = AnswerOf<Contract["bulkJobs"]>;

/** What is done to jobs, in words. */
export interface ManyWords {
  /** `paused`: as in "3 jobs would be paused", and "3 paused". */
  readonly done: string;
  /** The command that takes it back, without the jobs. */
  readonly undo?: string;
  /** Ids that a command may name. */
  readonly asks?: (dry: Result) => Promise<boolean>;
}

/** Ids that a hint repeats; of more, the filter. */
const MOST_REPEATED = 5;

/** Changes the jobs that are named: first it says how many, and asks. */
export async function changeMany(
  call: Call,
  ids: readonly string[],
  own: Omit<Body, "ids" | "filter" | "all" | "dryRun">,
  words: ManyWords,
): Promise<number> {
  const client = await call.client();
  const body = { ...own, ...selectionOf(ids, call.flags) };
  const dry = await client.bulkJobs({ body: { ...body, dryRun: true } });
  const [only] = ids;
  if (dry.matched === 0 && ids.length === 1 && only !== undefined)
    throw await jobNotFound(client, only);
  if (call.flags["dryRun"] === true) return told(call, dry, words);
  if (dry.changed === 0) return told(call, dry, words);
  call.tell(sentenceOf(call, dry, words));
  for (const id of dry.ids.slice(0, MOST_REPEATED)) call.tell(`  ${harmless(id)}`);
  if (dry.changed > MOST_REPEATED) call.tell(`  and ${dry.changed - MOST_REPEATED} more`);
  if (!(await (words.asks ? words.asks(dry) : confirm(call)))) return EXIT.ok;
  const done = await client.bulkJobs({ body });
  return told(call, done, words, ids);
}

function sentenceOf(
  call: Call,
  { changed, until, occurrences }: Result,
  { done }: ManyWords,
): string {
  const { zone } = call.reader;
  const end = until === null ? "" : ` until ${wholeTime(until, zone)} (${zone})`;
  const inside =
    occurrences === null
      ? ""
      : `; ${counted(occurrences, "occurrence")} ${occurrences === 1 ? "falls" : "fall"} into that time`;
  return `${counted(changed, "job")} would be ${done}${end}${inside}.`;
}

function told(call: Call, result: Result, words: ManyWords, ids: readonly string[] = []): number {
  if (call.output !== "table") call.printJson(result);
  const { changed, skipped, failed, dryRun, problems } = result;
  for (const { jobId, message, code } of problems)
    call.tell(`${harmless(jobId)}: ${harmless(message)}   ${code}`);
  const left = [
    skipped > 0 ? `${skipped} left as they are` : "",
    failed > 0 ? `${failed} failed` : "",
  ].filter((part) => part !== "");
  if (dryRun) call.tell(sentenceOf(call, result, words));
  else
    call.tell(
      `${[`${changed} ${words.done}`, ...left].join(", ")}.${undoOf(call, result, words, ids)}`,
    );
  if (failed === 0) return EXIT.ok;
  return changed > 0
    ? EXIT.partial
    : exitCodeOf(problems.find(({ code }) => code !== "UNCHANGED")?.code ?? "");
}

function undoOf(
  call: Call,
  { changed, ids: changedIds }: Result,
  { undo }: ManyWords,
  ids: readonly string[],
): string {
  if (undo === undefined || changed === 0) return "";
  const named = changed <= MOST_REPEATED ? changedIds : ids;
  const which =
    named.length > 0
      ? named.map((id) => quoted(harmless(id))).join(" ")
      : call.flags["all"] === true
        ? "--all"
        : writtenFilter(call.flags);
  return `  Undo: cronduit job ${undo} ${which}`;
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
