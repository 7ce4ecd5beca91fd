// Why did it not run? The ledger knows.
import { setTimeout as wait } from "node:timers/promises";
import { EVENT_JOB_FINISHED, Pipeline, PipelineScheduler, type RunContext } from "cronduit";
import { place } from "./place.ts";

class Backup extends Pipeline {
  async run({ signal }: RunContext) {
    await wait(1_500, undefined, { signal });
    return { files: 1_204 };
  }
}

await using scheduler = new PipelineScheduler({ ...place, pipelines: [Backup] });
const finished = new Promise((resolve) => {
  // Wait past the end of the last run and the verdict on the last due time, whichever comes later.
  scheduler.addListener(resolve, EVENT_JOB_FINISHED);
});
await scheduler.start();

// Starting on a whole second makes fire times that are easy to ask for.
const from = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
await scheduler.addJob(Backup, {
  id: "backup",
  trigger: "interval",
  seconds: 1,
  startDate: new Date(from),
  endDate: new Date(from + 3_000),
});
await finished;

const { runs } = await scheduler.getRuns("backup");
for (const { fireTime, verdict, reason = "" } of runs)
  console.log(fireTime.toISOString(), verdict, reason);

const { runs: done } = await scheduler.getRuns("backup", { verdict: "succeeded", limit: 1 });
const [last] = done;
if (last) console.log(await scheduler.getRun(last.id));

for (const at of [from, from + 1_000, from + 1_500, from + 60_000])
  console.log((await scheduler.explain("backup", new Date(at))).text);

await scheduler.removeJob("backup");
