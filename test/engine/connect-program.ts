// A child program: connects with what its environment trusts, adds a job, and says so. With `wait` it begins when told.
import { once } from "node:events";
import { lineLogger, PipelineScheduler, Pipeline } from "../../src/index.ts";

class Noop extends Pipeline {
  run(): unknown {
    return { success: true };
  }
}

const [connection = "", prefix = "", when] = process.argv.slice(2);
if (when === "wait") {
  // The channel to the parent alone keeps no process alive.
  const awake = setInterval(() => undefined, 60_000);
  process.send?.({ ready: true });
  await once(process, "message");
  clearInterval(awake);
}
const pipelines = [Noop];
const logger = lineLogger("error");
const scheduler = new PipelineScheduler({ connection, prefix, pipelines, logger });
await scheduler.start();
await scheduler.addJob(Noop, { trigger: "interval", seconds: 60 });
await scheduler.shutdown();
process.send?.({ connected: true });
process.disconnect();
