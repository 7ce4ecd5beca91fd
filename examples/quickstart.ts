// A pipeline, a job that is due every second, and its history. Ends by itself.
import { setTimeout as wait } from "node:timers/promises";
import { Pipeline, PipelineScheduler } from "cronduit";
import { place } from "./place.ts";

class Greet extends Pipeline {
  run() {
    return { greeting: "hello" };
  }
}

await using scheduler = new PipelineScheduler({ ...place, pipelines: [Greet] });
scheduler.on("JOB_EXECUTED", ({ jobId, retval }) => console.log(jobId, retval));
await scheduler.start();
await scheduler.addJob(Greet, { id: "greet", trigger: "interval", seconds: 1 });
await wait(2_500);
await scheduler.removeJob("greet");
const { runs } = await scheduler.getRuns("greet");
for (const { fireTime, verdict } of runs) console.log(fireTime.toISOString(), verdict);
