import { counted } from "../../../core/counted.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { EXIT } from "../../exit-codes.ts";
import { diffLines, type FilesDiff } from "./diff-lines.ts";
import { type FilesHere, filesHere, nearProblem } from "./given-files.ts";
import { problemLines } from "./problem-lines.ts";

const MOST_COMPARED = 100;

/** `cronduit diff` */
export async function run(call: Call): Promise<number> {
  const here = await filesHere(call);
  // "no-prune" is how commander calls what sets it.
  const prune = call.flags["noPrune"] !== true;
  const diff = await compared(call, here, prune);
  if (!diff.isValid) return refused(call, here, diff);
  const count = diff.added + diff.changed + diff.removed;
  if (call.output === "json") call.printJson(diff);
  else if (call.output === "ndjson") for (const change of diff.changes) call.printJson(change);
  else {
    call.print(...diffLines(call, diff));
    call.tell(
      ...problemLines(call, diff.problems, here.files),
      `${summaryOf(diff, prune)} · times in ${call.reader.zone}`,
    );
  }
  return count === 0 ? EXIT.ok : EXIT.changes;
}

/** What the files here would change, as the fleet says. */
export async function compared(call: Call, here: FilesHere, prune: boolean): Promise<FilesDiff> {
  const { source, set, files } = here;
  if (!set.isValid) {
    const problems = set.problems.map((each) => ({ ...each, hint: each.hint ?? null }));
    const none = { jobs: 0, added: 0, changed: 0, removed: 0, needCare: 0, changes: [] };
    return { isValid: false, problems, ...none };
  }
  const client = await call.client();
  const body = { source, files: [...files], prune, count: countOf(call) };
  const diff = await client.diffFiles({ body });
  // The fleet knows only what was sent; what is wrong with folders is known here.
  const known = new Set(files.map(({ file }) => file));
  const others = set.problems.filter(({ file }) => !known.has(file));
  return {
    ...diff,
    problems: [...others.map((each) => ({ ...each, hint: each.hint ?? null })), ...diff.problems],
  };
}

/** Tells that the files are not valid. */
export function refused(call: Call, { files }: FilesHere, diff: FilesDiff): number {
  const { io } = call;
  if (call.output === "table") call.print(...problemLines(call, diff.problems, files));
  else
    call.printJson({ ...diff, problems: diff.problems.map((each) => nearProblem(each, io.cwd)) });
  const errors = diff.problems.filter(({ severity }) => severity === "error").length;
  call.tell(`${counted(errors, "error")}. Nothing was applied: the running set stays in force.`);
  return EXIT.usage;
}

function countOf({ flags }: Call): number {
  const given = flags["count"];
  const count = given === undefined ? 5 : Number(given);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_COMPARED) return count;
  throw new CliError("USAGE", `--count must be a number from 1 to ${MOST_COMPARED}.`);
}

/** How much would change. */
function summaryOf(
  { added, changed, removed, needCare, changes }: FilesDiff,
  prune: boolean,
): string {
  const count = added + changed + removed;
  if (count === 0) return "The files and the fleet say the same.";
  const care = needCare === 0 ? "" : `, ${needCare} ${needCare === 1 ? "needs" : "need"} care`;
  const left = count > changes.length ? ` The first ${changes.length} are listed.` : "";
  const how = removed > 0 && prune ? "cronduit apply --prune" : "cronduit apply";
  return `${counted(count, "change")}${care}.${left} Nothing was applied (exit 8). Apply: ${how}`;
}
