// Adds a job to a scheduler that is not started, and does nothing more. Its argument: the server's URL, if there is one.
import { Pipeline, PipelineScheduler } from "../../src/index.ts";

class Work extends Pipeline {
  run(): void {}
}

const [connection] = process.argv.slice(2);
const scheduler = new PipelineScheduler({
  ...(connection === undefined ? {} : { connection, prefix: `remind-${process.pid}` }),
  pipelines: [Work],
});
await scheduler.addJob(Work, { id: "forgotten", trigger: "interval", hours: 1 });
process.send?.({ added: true });
