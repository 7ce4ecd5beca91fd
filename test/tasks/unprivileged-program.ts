// A worker that is not root, and what it says to a command of root's. Its argument: whom to become first.
import { PipelineScheduler } from "../../src/index.ts";
import { createTasks } from "../../src/tasks.ts";

const [uid] = process.argv.slice(2);
const tasks = createTasks({ environment: process.env });
await using scheduler = new PipelineScheduler({
  pipelines: Object.values(tasks),
  logger: { debug() {}, info() {}, warn() {}, error() {} },
});
await scheduler.start();
// Its modules, which others may not read, have been loaded by now.
if (uid !== undefined) {
  process.setgroups?.([]);
  process.setgid?.(Number(uid));
  process.setuid?.(Number(uid));
}
await scheduler.addJob(tasks.command, {
  id: "as-root",
  trigger: "date",
  runDate: "2090-01-01",
  params: { command: ["id", "-un"], user: "root" },
});
const { id, error } = await scheduler.runJob("as-root", { wait: 40 });
const { lines } = await scheduler.getLogs(id);
process.send?.({ error, lines });
