// Failures with the run's stack, a durable listener, and a run started by hand. Ends by itself.
import { EVENT_JOB_ERROR, EVENT_JOB_MISSED, Pipeline, PipelineScheduler } from "cronduit";
import { place } from "./place.ts";

class Fragile extends Pipeline {
  run() {
    return { success: false, error: "the sensor is unplugged" };
  }
}

await using scheduler = new PipelineScheduler({ ...place, pipelines: [Fragile] });
const failed = new Promise<string>((resolve) => {
  scheduler.addListener(
    ({ jobId, exception, runId }) => {
      console.log(`${jobId} failed: ${exception?.message}`);
      if (runId !== undefined) resolve(runId);
    },
    EVENT_JOB_ERROR | EVENT_JOB_MISSED,
    { name: "alerts" },
  );
});
await scheduler.start();
await scheduler.addJob(Fragile, { id: "fragile", trigger: "cron", hour: 3, replaceExisting: true });
await scheduler.runJob("fragile");
const run = await scheduler.getRun(await failed);
console.log(run.verdict, run.trigger, run.error?.message);
