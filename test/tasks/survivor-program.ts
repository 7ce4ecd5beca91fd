// A worker that runs tasks, to be killed. Its arguments: the folder of scripts, and a mark that its programs carry.
import { PipelineScheduler } from "../../src/index.ts";
import { createTasks } from "../../src/tasks.ts";

const [folder = "", mark = ""] = process.argv.slice(2);
const tasks = createTasks({ environment: process.env, folder });
const scheduler = new PipelineScheduler({
  pipelines: Object.values(tasks),
  logger: { debug() {}, info() {}, warn() {}, error() {} },
});
await scheduler.start();
// In its group, in another group, in another session, deaf to signals, behind a parent that has left, and all of these at once.
const script = `
trap '' TERM INT HUP
sleep 600.${mark} &
timeout 600 sleep 601.${mark} &
setsid sh -c 'trap "" TERM; sleep 602.${mark}; true' &
(sleep 603.${mark} &)
(setsid sh -c 'sleep 605.${mark} & sleep 606.${mark}' &)
until [ "$(pgrep -cf '^sleep 60[56].${mark}')" = 2 ]; do sleep 0.05; done
echo ready
sleep 604.${mark}
`;
await scheduler.addJob(tasks.script, {
  id: "survivor",
  trigger: "date",
  runDate: "2090-01-01",
  params: { interpreter: "BASH", script },
});
const runId = await scheduler.runJob("survivor");
process.send?.({ begun: runId });
async function look(): Promise<void> {
  const { lines } = await scheduler.getLogs(runId);
  if (lines.some(({ message }) => message === "ready")) process.send?.({ ready: true });
}
setInterval(() => void look(), 50);
