import { counted } from "../../../core/counted.ts";
import type { Call } from "../../call.ts";
import { confirm } from "../../confirm.ts";
import { EXIT } from "../../exit-codes.ts";
import { compared, refused } from "./diff-files.ts";
import { diffLines } from "./diff-lines.ts";
import { filesHere } from "./given-files.ts";
import { problemLines } from "./problem-lines.ts";

/** `cronduit apply`: shows what changes, asks, and applies. */
export async function run(call: Call): Promise<number> {
  const here = await filesHere(call);
  const prune = call.flags["prune"] === true;
  const dryRun = call.flags["dryRun"] === true;
  const diff = await compared(call, here, prune);
  if (!diff.isValid) return refused(call, here, diff);
  const count = diff.added + diff.changed + diff.removed;
  if (count > 0)
    call.tell(...diffLines(call, diff), ...problemLines(call, diff.problems, here.files));
  if (count > 0 && !dryRun && !(await confirm(call, `Apply ${counted(count, "change")}?`)))
    return EXIT.ok;
  const client = await call.client();
  const { source, files } = here;
  const applied = await client.applyFiles({ body: { source, files: [...files], prune, dryRun } });
  if (call.output !== "table") call.printJson(applied);
  const { kind, added, changed, removed, failed } = applied;
  if (kind === "rejected") {
    call.print(...(call.output === "table" ? problemLines(call, applied.problems, files) : []));
    call.tell("Nothing was applied: the running set stays in force.");
    return EXIT.usage;
  }
  const done = `${added} new, ${changed} changed, ${removed} removed.`;
  if (kind === "unchanged") call.tell("The files and the fleet say the same.");
  else call.tell(dryRun ? `Would be: ${done}` : `Applied: ${done}`);
  for (const { jobId, message } of failed) call.tell(`  ${jobId}: ${message}`);
  return failed.length > 0 ? EXIT.partial : EXIT.ok;
}
