// A scheduler with a worker in a process of its own, in which promises are rejected that nobody handles: vitest would hear
// of them itself. Its arguments: the server's URL and what happens. It reports the runs' verdicts.
import { setTimeout as delay } from "node:timers/promises";
import { Pipeline, PipelineScheduler, type Run, type RunContext } from "../../src/index.ts";

const [connection = "", scene = ""] = process.argv.slice(2);

class PaymentError extends Error {}
class FinalError extends Error {}

async function lose(error: Error): Promise<never> {
  await delay(30);
  throw error;
}

class Culprit extends Pipeline {
  static override retryOn(error: unknown): boolean {
    return !(error instanceof FinalError);
  }
  async run({ signal, attempt, step, sleep }: RunContext): Promise<string> {
    switch (scene) {
      case "late":
        void lose(new PaymentError("lost after the end"));
        return "done";
      case "retried":
        if (attempt > 1) return "done";
        void step("parts", () => void lose(new PaymentError("lost")));
        break;
      case "deaf":
        void lose(new FinalError("lost"));
        return new Promise(() => undefined);
      case "sleeping":
        // A promise that is chained but never awaited.
        void sleep("2.5s").then(() => "never here");
        return delay(200, "done");
      default:
        void lose(new FinalError("lost"));
    }
    await delay(20_000, undefined, { signal });
    return "not reached";
  }
}

class Neighbour extends Pipeline {
  run(): Promise<string> {
    return delay(1_000, "unharmed");
  }
}

const errors: unknown[] = [];
const scheduler = new PipelineScheduler({
  connection,
  prefix: `stray-${process.pid}`,
  pipelines: [Culprit, Neighbour],
  logger: {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (message, fields) => errors.push({ message, fields }),
  },
});
await scheduler.start();

async function run(pipeline: typeof Culprit | typeof Neighbour): Promise<Run> {
  const id = pipeline.name;
  const retry = { attempts: 3, delay: "10ms" };
  await scheduler.addJob(pipeline, { id, trigger: "date", runDate: "2090-01-01", retry });
  return scheduler.runJob(id, { wait: 30 });
}

if (scene === "foreign") {
  const neighbour = run(Neighbour);
  await delay(200);
  void Promise.reject(new TypeError("of the application itself"));
  await neighbour;
}
const [culprit, neighbour] = await Promise.all([run(Culprit), run(Neighbour)]);
await delay(100);
process.send?.({ culprit, neighbour, errors });
await scheduler.shutdown();
