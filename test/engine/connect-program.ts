// A child program: connects with what its environment trusts, adds a job, and says so.
import { lineLogger, PipelineScheduler, Pipeline } from "../../src/index.ts";

class Noop extends Pipeline {
  run(): unknown {
    return { success: true };
  }
}

const [connection = "", prefix = ""] = process.argv.slice(2);
const pipelines = [Noop];
const logger = lineLogger("error");
const scheduler = new PipelineScheduler({ connection, prefix, pipelines, logger });
await scheduler.start();
await scheduler.addJob(Noop, { id: "one", trigger: "interval", seconds: 60 });
await scheduler.removeJob("one");
await scheduler.shutdown();
process.send?.({ connected: true });
process.disconnect();
