// A process of a fleet. Its argument is `FleetProgramOptions` as JSON. It reports each start and end of a run and each
// event; `{ release: true }` releases held runs.
import { EventEmitter, once } from "node:events";
import {
  EVENT_ALL,
  type ConnectionOption,
  lineLogger,
  Pipeline,
  PipelineScheduler,
  PipelineWorker,
  type RunContext,
} from "../../src/index.ts";

export interface FleetProgramOptions {
  readonly connection: ConnectionOption;
  readonly prefix: string;
  /** `worker`: only takes runs. `whole`: a scheduler with a worker. `listener`: a scheduler without one. */
  readonly role: "worker" | "whole" | "listener";
  /** The name of a durable listener. */
  readonly listener?: string;
}

const options = JSON.parse(process.argv[2] ?? "{}") as FleetProgramOptions;
const told = new EventEmitter();
const tell = (message: object): void => void process.send?.(message);
/** Of the machine and not of the process: what processes say by it can be compared. */
const instant = (): number => Number(process.hrtime.bigint() / 1_000n);

/** Continues until released or aborted. */
class Hold extends Pipeline {
  async run({ runId, attempt, signal }: RunContext) {
    tell({ held: runId, attempt });
    await once(told, "release", { signal }).catch(() => undefined);
    return { success: true, by: process.pid };
  }
}

/** Takes 30 ms, and says from when to when. */
class Brief extends Pipeline {
  async run({ runId }: RunContext) {
    const from = instant();
    await new Promise((resolve) => setTimeout(resolve, 30));
    tell({ brief: runId, from, to: instant() });
    return { success: true };
  }
}

const common = {
  connection: options.connection,
  prefix: options.prefix,
  pipelines: [Hold, Brief],
  logger: lineLogger("error"),
};
const tuning = { lock: 1.5, stalledCheck: 0.5, concurrency: 5 };

async function start(): Promise<() => Promise<void>> {
  if (options.role === "worker") {
    const worker = new PipelineWorker({ ...common, ...tuning, signals: [] });
    await worker.start();
    return () => worker.stop();
  }
  const scheduler = new PipelineScheduler({
    ...common,
    worker: options.role === "whole" ? tuning : false,
  });
  if (options.listener !== undefined) {
    scheduler.addListener(
      ({ name, jobId, runId }) => tell({ heard: name, jobId, runId }),
      EVENT_ALL,
      { name: options.listener },
    );
  }
  await scheduler.start();
  return () => scheduler.shutdown();
}

// The channel to the parent alone keeps no process alive.
const awake = setInterval(() => undefined, 60_000);
const stop = await start();
process.on("message", (message: { release?: boolean; stop?: boolean }) => {
  if (message.release) told.emit("release");
  if (message.stop) {
    clearInterval(awake);
    void stop().then(() => process.disconnect());
  }
});
tell({ ready: process.pid });
