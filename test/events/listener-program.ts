// A process that only listens. Its one argument is JSON text of `ListenerProgramOptions`.
import { EVENT_ALL, PipelineScheduler } from "../../src/index.ts";

export interface ListenerProgramOptions {
  readonly url: string;
  readonly prefix: string;
  /** The listener's name. */
  readonly name: string;
  /** Kill yourself in the handler of the `nth` event; 0 = never. */
  readonly dieAtNth: number;
}

const options = JSON.parse(process.argv[2] ?? "{}") as ListenerProgramOptions;
const scheduler = new PipelineScheduler({
  connection: options.url,
  prefix: options.prefix,
  worker: false,
});

let heard = 0;
scheduler.addListener(
  async ({ name, jobId, runId, attempt, scheduledRunTime }) => {
    await new Promise<void>((resolve) => {
      const event = { name, jobId, runId, attempt, at: scheduledRunTime?.getTime() };
      process.send?.({ event }, undefined, undefined, () => resolve());
    });
    heard += 1;
    if (heard === options.dieAtNth) process.kill(process.pid, "SIGKILL");
  },
  EVENT_ALL,
  { name: options.name },
);
await scheduler.start();
process.send?.({ started: true });
setInterval(() => undefined, 60_000);
