import { type PipelineScheduler, type Run, VERDICTS } from "cronduit";
import type { PlannedJob } from "./jobs.ts";
import type { Screen } from "./screen.ts";

/** The account of one job. */
interface JobAccount {
  readonly job: PlannedJob;
  readonly runs: readonly Run[];
  /** Due times without exactly one verdict, and verdicts on times that weren't due. */
  readonly wrong: number;
}

/**
 * Compares the ledger with an independent list of all due times, and prints the result.
 * @returns Whether it adds up.
 */
export async function giveAccount(
  scheduler: PipelineScheduler,
  screen: Screen,
  jobs: readonly PlannedJob[],
): Promise<boolean> {
  const accounts = await Promise.all(
    jobs.map(async (job) => {
      const runs = await ledgerOf(scheduler, job.id);
      return { job, runs, wrong: countWrong(job.dueAt, runs) };
    }),
  );
  screen.heading("The ledger: how often each job was due, and what came of it\n");
  screen.table(["job", "due", ...VERDICTS, "decided"], accounts.map(rowOf));

  const tell = async ({ jobId, fireTime }: Run): Promise<void> =>
    screen.item(jobId, (await scheduler.explain(jobId, fireTime)).text);
  screen.heading("Why didn't it run? explain() answers:");
  for (const { runs } of accounts) {
    const run = runs.find(({ verdict }) => verdict === "skipped" || verdict === "coalesced");
    if (run) await tell(run);
  }
  const again = accounts.flatMap(({ runs }) => runs.filter(({ attempt = 1 }) => attempt > 1));
  screen.heading("Started in the process that was killed, then taken over:");
  for (const run of again) await tell(run);

  const due = sum(accounts.map(({ job }) => job.dueAt.length));
  const decided = sum(accounts.map(({ runs }) => decidedBy(runs)));
  const wrong = sum(accounts.map((account) => account.wrong));
  const wasTakenOver = again.some(
    ({ jobId, verdict }) => jobId === "watch" && verdict === "succeeded",
  );
  const addsUp = wrong === 0 && wasTakenOver;
  screen.heading(
    `${due} due, ${decided} decided, one process killed, ${screen.seconds()} s on ${scheduler.engine}.`,
  );
  if (wrong > 0)
    screen.verdict(false, `THIS DOES NOT ADD UP: ${wrong} due times have no verdict, or several.`);
  if (!wasTakenOver) screen.verdict(false, 'THIS DOES NOT ADD UP: "watch" was not taken over.');
  if (addsUp) screen.verdict(true, "It adds up: every due time has exactly one verdict.");
  return addsUp;
}

function rowOf({ job, runs }: JobAccount): (string | number)[] {
  const counts = VERDICTS.map((name) => decidedBy(runs.filter(({ verdict }) => verdict === name)));
  return [job.id, job.dueAt.length, ...counts, sum(counts)];
}

/** One row may stand for several occurrences, from its first to its last. */
function countWrong(dueAt: readonly number[], runs: readonly Run[]): number {
  const final = runs.filter(isDecided);
  const covers = (run: Run, at: number): boolean =>
    run.firstFireTime.getTime() <= at && at <= run.fireTime.getTime();
  const undecidedOrTwice = dueAt.filter(
    (at) => final.filter((run) => covers(run, at)).length !== 1,
  );
  const notDue = final.filter((run) => dueAt.filter((at) => covers(run, at)).length !== run.count);
  return undecidedOrTwice.length + notDue.length;
}

function isDecided({ verdict }: Run): boolean {
  return VERDICTS.some((name) => name === verdict);
}

function decidedBy(runs: readonly Run[]): number {
  return sum(runs.filter(isDecided).map(({ count }) => count));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

async function ledgerOf(scheduler: PipelineScheduler, jobId: string): Promise<Run[]> {
  const found: Run[] = [];
  let cursor: string | undefined;
  do {
    const page = await scheduler.getRuns(jobId, cursor === undefined ? {} : { cursor });
    found.push(...page.runs);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}
