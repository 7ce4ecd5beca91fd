import { counted } from "../../../core/counted.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { choose, confirm } from "../../confirm.ts";
import { timeText } from "../../output/times.ts";
import { EXIT } from "../../exit-codes.ts";
import { changeMany } from "./change-many.ts";
import { withJob } from "./job-not-found.ts";

const MISSED = ["skip", "latest", "all"] as const;
type Missed = (typeof MISSED)[number];
/** Times that are listed. */
const MOST_LISTED = 10;

/** `cronduit job resume`: of one job it lists what fell into the pause, and asks what becomes of it. */
export async function run(call: Call, ids: readonly string[]): Promise<number> {
  const { missed, note } = call.flags as { readonly missed?: Missed; readonly note?: string };
  if (missed !== undefined && !MISSED.includes(missed))
    throw new CliError("USAGE", `--missed: must be ${MISSED.join(", ")}; got "${missed}".`);
  const own = { action: "resume" as const, ...(note !== undefined && { note }) };
  const [only, ...others] = ids;
  if (only === undefined || others.length > 0)
    return changeMany(
      call,
      ids,
      { ...own, missed: missed ?? "skip" },
      { done: "resumed", undo: "pause" },
    );
  const client = await call.client();
  const { count, fireTimes } = await withJob(client, only, () =>
    client.listPausedOccurrences({ path: { jobId: only }, query: { limit: MOST_LISTED } }),
  );
  const chosen = missed ?? (await whatOf(call, count, fireTimes));
  if (chosen === undefined) return EXIT.ok;
  return changeMany(
    call,
    ids,
    { ...own, missed: chosen },
    { done: "resumed", undo: "pause", asks: async () => missed === undefined || confirm(call) },
  );
}

async function whatOf(
  call: Call,
  count: number,
  fireTimes: readonly string[],
): Promise<Missed | undefined> {
  const { reader } = call;
  if (count === 0)
    return (await confirm(call, "Nothing fell into the pause. Resume?")) ? "skip" : undefined;
  call.tell(`${counted(count, "occurrence")} fell into the pause (times in ${reader.zone}):`);
  for (const at of fireTimes) call.tell(`  ${timeText(at, reader, true)}`);
  if (count > fireTimes.length) call.tell(`  and ${count - fireTimes.length} more`);
  if (call.read.values.yes) return "skip";
  return choose(call, {
    question: "What becomes of them?",
    words: MISSED,
    flag: "--missed skip, latest or all",
  });
}
