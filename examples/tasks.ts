// Commands, scripts and requests as jobs: npx tsx examples/tasks.ts
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PipelineScheduler, type Run } from "cronduit";
import { createTasks } from "cronduit/tasks";

// A service within the network, for the example.
const server = createServer((_request, response) => response.end("pong"));
await new Promise<void>((resolve) => {
  server.listen(0, "127.0.0.1", resolve);
});
const { port } = server.address() as AddressInfo;

const tasks = createTasks({
  environment: { ...process.env, GREETING_TOKEN: "never-to-be-seen" },
  secrets: ["env:GREETING_TOKEN"],
  http: { allow: ["127.0.0.1"] },
});
await using scheduler = new PipelineScheduler({
  pipelines: Object.values(tasks),
  logger: { debug() {}, info() {}, warn() {}, error() {} },
});

await scheduler.addJob(tasks.command, {
  id: "disk",
  trigger: "interval",
  hours: 1,
  params: { command: ["df", "-P", "/"], timeout: "1m" },
});
await scheduler.addJob(tasks.script, {
  id: "greet",
  trigger: "cron",
  hour: 8,
  params: {
    interpreter: "BASH",
    script: 'echo "$CRONDUIT_JOB_ID greets $1 with $TOKEN"; exit 3',
    args: ["the world"],
    secrets: { TOKEN: "env:GREETING_TOKEN" },
  },
});
await scheduler.addJob(tasks.http, {
  id: "ping",
  trigger: "interval",
  minutes: 5,
  params: { url: `http://127.0.0.1:${port}/` },
});
await scheduler.start();

async function show({ id, jobId, verdict, error }: Run): Promise<void> {
  const { lines } = await scheduler.getLogs(id);
  console.log(jobId, verdict, error?.code ?? "", lines.map(({ message }) => message).join(" | "));
}
for (const jobId of ["disk", "greet", "ping"])
  await show(await scheduler.runJob(jobId, { wait: true }));
server.close();
