// Only schedules; examples/worker.ts executes the runs. Ends after three runs.
import { PipelineScheduler } from "cronduit";
import { Report } from "./report.ts";
import { server } from "./place.ts";

await using scheduler = new PipelineScheduler({ ...server, pipelines: [Report], worker: false });
const three = new Promise<void>((resolve) => {
  let runs = 0;
  scheduler.on("JOB_EXECUTED", ({ worker, retval }) => {
    console.log(worker, retval);
    if ((runs += 1) === 3) resolve();
  });
});
await scheduler.start();
await scheduler.addJob(Report, {
  id: "report-eu",
  params: { region: "eu" },
  trigger: "interval",
  seconds: 1,
  replaceExisting: true,
});
await three;
await scheduler.removeJob("report-eu");
