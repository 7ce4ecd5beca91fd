import { counted } from "../../../core/counted.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { confirm } from "../../confirm.ts";
import { EXIT } from "../../exit-codes.ts";
import { timeText } from "../../output/times.ts";
import { withJob } from "./job-not-found.ts";

/** Times that are listed. */
const MOST_LISTED = 5;
const ACTIONS = ["pause", "resume", "cancel"] as const;

/** `cronduit job backfill`: counts first, and asks. */
export async function run(call: Call, jobId: string): Promise<number> {
  const client = await call.client();
  const { from, to, order, note, concurrency, status } = call.flags as Record<
    string,
    string | undefined
  >;
  const path = { jobId };
  const action = ACTIONS.find((name) => call.flags[name] === true);
  if (action !== undefined) {
    await withJob(client, jobId, () => client[`${action}Backfill`]({ path }));
    call.tell(`The backfill is ${action === "cancel" ? "cancelled" : `${action}d`}.`);
    return EXIT.ok;
  }
  if (status !== undefined) {
    const answer = await withJob(client, jobId, () => client.getBackfill({ path }));
    call.answer(answer, () => {
      const { backfill } = answer;
      if (!backfill) return ["No backfill."];
      const { state, total, waiting, running } = backfill;
      return [
        `${state}: ${total - waiting - running} of ${counted(total, "run")} ended, ${running} running, ${waiting} waiting`,
      ];
    });
    return EXIT.ok;
  }
  if (from === undefined)
    throw new CliError(
      "USAGE",
      "From when?",
      'Say --from "2026-11-01", and --to if it is not now.',
    );
  const body = {
    from,
    ...(to !== undefined && { to }),
    ...(order !== undefined && { order: order as "oldest" | "latest" }),
    ...(concurrency !== undefined && { concurrency: Number(concurrency) }),
    ...(note !== undefined && { note }),
  };
  const dry = await withJob(client, jobId, () =>
    client.startBackfill({ path, body: { ...body, dryRun: true } }),
  );
  const { runs, alreadyRun, fireTimes } = dry;
  call.tell(`${counted(runs, "run")} would be made up for; ${alreadyRun} ran already.`);
  for (const at of fireTimes.slice(0, MOST_LISTED))
    call.tell(`  + ${timeText(at, call.reader, true)}`);
  if (runs > MOST_LISTED) call.tell(`  and ${runs - MOST_LISTED} more`);
  if (call.flags["dryRun"] === true) {
    if (call.output !== "table") call.printJson(dry);
    return EXIT.ok;
  }
  if (runs === 0 || !(await confirm(call))) return EXIT.ok;
  const done = await client.startBackfill({ path, body });
  if (call.output !== "table") call.printJson(done);
  call.tell(
    `${counted(done.runs, "run")} will follow.  Undo: cronduit job backfill ${jobId} --cancel`,
  );
  return EXIT.ok;
}
