// A stopping worker lets its runs finish; a run that would take too long goes to another worker.
import { setTimeout as wait } from "node:timers/promises";
import { Pipeline, PipelineScheduler, PipelineWorker } from "cronduit";
import { z } from "zod";
import { server } from "./place.ts";

const Params = z.object({ seconds: z.number() });

class Work extends Pipeline.with(Params) {
  async run({ params, signal, jobId, attempt }: this["Context"]) {
    // The second attempt has less to do.
    await wait((params.seconds * 1_000) / attempt ** 3, undefined, { signal });
    console.log(`${jobId}: done in attempt ${attempt}`);
  }
}

// Runs may continue for 2 s: the last five seconds of `drain` are for handing back whatever hasn't ended by then.
const workerOptions = { ...server, pipelines: [Work], drain: "7s" };
const scheduler = new PipelineScheduler({ ...server, pipelines: [Work], worker: false });
const bothStarted = new Promise<void>((resolve) => {
  let started = 0;
  scheduler.on("JOB_STARTED", () => {
    started += 1;
    if (started === 2) resolve();
  });
});
const longDone = new Promise<void>((resolve) => {
  scheduler.on("JOB_EXECUTED", ({ jobId }) => {
    if (jobId === "long") resolve();
  });
});
scheduler.on("JOB_RETRYING", ({ jobId, reason }) => console.log(`${jobId}: ${reason}`));
await scheduler.start();

const first = new PipelineWorker(workerOptions);
await first.start();
await scheduler.addJob(Work, { id: "short", params: { seconds: 0.5 }, trigger: "cron", hour: 3 });
await scheduler.addJob(Work, { id: "long", params: { seconds: 8 }, trigger: "cron", hour: 3 });
await scheduler.runJob("short");
await scheduler.runJob("long");
await bothStarted;

// What SIGTERM does: take no more runs, wait as long as `drain` allows, abort, hand back.
await first.stop();
console.log("the first worker has stopped");

const second = new PipelineWorker(workerOptions);
await second.start();
await longDone;
await second.stop();
await scheduler.removeJob("short");
await scheduler.removeJob("long");
await scheduler.shutdown();
