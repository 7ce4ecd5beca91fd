// `npm run demo`: pipelines on this machine's own figures, two worker processes, and a ledger that adds up.
import { setTimeout as wait } from "node:timers/promises";
import { EVENT_JOB_STARTED, PipelineScheduler, type Run, VERDICTS } from "cronduit";
import { Fleet } from "./fleet.ts";
import { planJobs } from "./jobs.ts";
import { Screen } from "./screen.ts";
import { clearStage, setStage, type Stage } from "./stage.ts";

/** How long jobs are due. */
const PLAY_MS = 14_000;
/** When the story goes wrong: later than this after the last due time it is given up. */
const PATIENCE_MS = 30_000;

async function play(stage: Stage, fleet: Fleet, signal: AbortSignal): Promise<boolean> {
  const screen = new Screen((id) => fleet.nameOf(id));
  await using scheduler = new PipelineScheduler({
    connection: stage.url,
    prefix: stage.prefix,
    worker: false,
  });
  const watchStarted = new Promise<string>((resolve) => {
    scheduler.addListener(({ jobId, worker }) => {
      if (jobId === "watch" && worker !== undefined) resolve(worker);
    }, EVENT_JOB_STARTED);
  });
  scheduler.addListener(screen.show);
  await scheduler.start();
  screen.say(`${scheduler.engine}${stage.serverPid === undefined ? "" : " (private)"}`);
  await fleet.start(2, stage);
  screen.say("two worker processes take runs");

  const from = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
  const jobs = planJobs(stage.folder, from, from + PLAY_MS);
  await scheduler.addJobs(jobs);
  const at = (afterMs: number): Promise<void> =>
    wait(Math.max(0, from + afterMs - Date.now()), undefined, { signal });

  await at(3_500);
  await scheduler.pauseJob("disk", "the disk is being looked at");
  const victim = await watchStarted;
  await at(5_500);
  screen.say(`SIGKILL to ${fleet.nameOf(victim)}, in the middle of "watch"`);
  await fleet.kill(victim);
  await at(7_500);
  await scheduler.resumeJob("disk");
  await at(PLAY_MS);
  await untilFinished(scheduler, signal);

  return await conclude(scheduler, screen, jobs);
}

/** Waits until every trigger is exhausted and every run has ended. */
async function untilFinished(scheduler: PipelineScheduler, signal: AbortSignal): Promise<void> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until;) {
    const { jobs } = await scheduler.getJobs();
    if (jobs.every(({ state, running }) => state === "finished" && running === 0)) {
      // The last events are on their way.
      await wait(200, undefined, { signal });
      return;
    }
    await wait(200, undefined, { signal });
  }
}

/** Prints the ledger. @returns Whether it adds up. */
async function conclude(
  scheduler: PipelineScheduler,
  screen: Screen,
  jobs: ReturnType<typeof planJobs>,
): Promise<boolean> {
  const rows = [];
  const total = { due: 0, decided: 0 };
  for (const { id, due } of jobs) {
    const runs = await ledgerOf(scheduler, id);
    const counts = VERDICTS.map((verdict) => countOf(runs, verdict));
    const decided = counts.reduce((sum, count) => sum + count, 0);
    total.due += due;
    total.decided += decided;
    rows.push([id, due, ...counts, decided]);
  }
  console.log("\nThe ledger: how often each job was due, and what became of it\n");
  screen.table(["job", "due", ...VERDICTS, "decided"], rows);
  const addsUp = rows.every((row) => row[1] === row.at(-1));
  console.log(
    `\n${total.due} occurrences were due, ${total.decided} were decided: ${addsUp ? "every one has its verdict." : "THIS DOES NOT ADD UP."}`,
  );
  console.log("\nWhy did it not run? Ask:");
  for (const id of ["watch", "processors", "disk"]) {
    const runs = await ledgerOf(scheduler, id);
    const run = runs.find(({ verdict }) => verdict === "skipped") ?? runs[0];
    if (run) console.log(`  ${id}: ${(await scheduler.explain(id, run.fireTime)).text}`);
  }
  return addsUp;
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

/** One row may stand for several occurrences. */
function countOf(runs: readonly Run[], verdict: Run["verdict"]): number {
  return runs.filter((run) => run.verdict === verdict).reduce((sum, { count }) => sum + count, 0);
}

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => interrupted.abort());

const fleet = new Fleet();
let stage: Stage | undefined;
try {
  stage = await setStage();
  process.exitCode = (await play(stage, fleet, interrupted.signal)) ? 0 : 1;
} catch (error) {
  if (!interrupted.signal.aborted) console.error(error instanceof Error ? error.message : error);
  process.exitCode = interrupted.signal.aborted ? 130 : 1;
} finally {
  await fleet.stop();
  if (stage) await clearStage(stage);
}
