// Schedules and executes the three jobs. main.ts starts it, kills it and restarts it.
import { PipelineScheduler } from "cronduit";
import { Extract, Load, Transform } from "./pipelines.ts";

const folder = process.argv[2] ?? "";
await using scheduler = new PipelineScheduler({
  connection: `embedded://${folder}/state`,
  pipelines: [Extract, Transform, Load],
  // Another process takes over a killed process's run after 2 s.
  worker: { lock: "2s", stalledCheck: "1s" },
});

const nightly = {
  trigger: "cron",
  hour: 2,
  timezone: "Europe/Berlin",
  params: { folder },
} as const;
await scheduler.addJob(Extract, {
  ...nightly,
  id: "extract",
  retry: { attempts: 3, backoff: "fixed", delay: "1s" },
});
await scheduler.addJob(Transform, {
  ...nightly,
  id: "transform",
  condition: "extract.finished_within(1h)",
  conditionPolicy: { wait: "2h" },
});
await scheduler.addJob(Load, {
  ...nightly,
  id: "load",
  condition: "transform.last_run_successful and not transform.running",
  conditionPolicy: { wait: "2h" },
});
scheduler.on("JOB_RETRYING", ({ jobId, exception }) =>
  console.log(jobId, "again:", exception?.message),
);
scheduler.on("JOB_EXECUTED", ({ jobId, retval }) => console.log(jobId, "succeeded", retval));
await scheduler.start();

// Night falls early: all three start now. The second waits for the first, the third for the second.
if (process.argv[3] === "first") {
  for (const id of ["load", "transform", "extract"]) await scheduler.runJob(id);
}
const ended = new Promise<void>((resolve) => {
  scheduler.on("JOB_EXECUTED", ({ jobId }) => jobId === "load" && resolve());
});
await ended;
const { runs } = await scheduler.getRuns("transform");
for (const { name, attempt } of await scheduler.getSteps(runs[0]?.id ?? ""))
  console.log("step", name, "in attempt", attempt);
