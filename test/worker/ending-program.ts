// A scheduler or a worker in its own process, to be stopped while its server is gone. Its one argument is
// `EndingOptions` as JSON. It sends `ready` when set up, and makes the calls in `{ end: [...] }`.
import { Pipeline, PipelineScheduler, PipelineWorker, type RunContext } from "../../src/index.ts";

export interface EndingOptions {
  readonly url: string;
  /** A way to the server that stays. */
  readonly own: string;
  readonly prefix: string;
  readonly kind: "scheduler" | "worker";
  /** What it is executing: nothing, a run that ends when told to, or one that never does. */
  readonly run: "none" | "obeys" | "deaf";
  readonly drain: number | string;
}

/** Calls that end it, in their order; `inside`: in the run. */
export type EndCall = "stop" | "no-wait";

const options = JSON.parse(process.argv[2] ?? "{}") as EndingOptions;
const { run, kind, own, url, prefix, drain } = options;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

class Held extends Pipeline {
  run({ signal }: RunContext): Promise<never> {
    process.send?.({ running: true });
    return new Promise((_, reject) => {
      if (run === "obeys") signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  }
}

const common = { prefix, pipelines: [Held], logger: silent, drain };
const ending =
  kind === "scheduler"
    ? new PipelineScheduler({ ...common, connection: url })
    : new PipelineWorker({ ...common, connection: url });

async function endBy(calls: readonly EndCall[]): Promise<void> {
  const from = performance.now();
  await Promise.all(
    calls.map((call) => {
      const wait = call === "stop";
      return "shutdown" in ending ? ending.shutdown({ wait }) : ending.stop({ wait });
    }),
  );
  process.send?.({ endedMs: Math.round(performance.now() - from) });
}

process.on("message", ({ end }: { end: readonly EndCall[] }) => void endBy(end));

await ending.start();
if (run !== "none") {
  const other = new PipelineScheduler({
    prefix,
    pipelines: [Held],
    logger: silent,
    connection: own,
    worker: false,
  });
  await other.addJob(Held, { id: "job", trigger: "date", in: "0s" });
  await other.shutdown();
}
process.send?.({ ready: true });
