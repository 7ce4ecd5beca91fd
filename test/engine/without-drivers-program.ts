// A child program: a job runs on the embedded engine in a process in which pg and ioredis can't be found, however they
// are asked for.
import Module, { createRequire, register } from "node:module";

const DRIVER = /^(?:pg|ioredis)(?:\/|$)/;
register(
  `data:text/javascript,${encodeURIComponent(`
    export async function resolve(name, context, next) {
      if (${DRIVER}.test(name)) throw new Error("refused: " + name);
      return next(name, context);
    }`)}`,
);
const resolveFilename = Reflect.get(Module, "_resolveFilename") as (...args: unknown[]) => string;
Reflect.set(Module, "_resolveFilename", (...args: unknown[]) => {
  if (DRIVER.test(String(args[0]))) throw new Error(`refused: ${String(args[0])}`);
  return resolveFilename(...args);
});

const require = createRequire(import.meta.url);
const refused: string[] = [];
for (const name of ["ioredis", "pg"]) {
  for (const load of [async () => require(name) as unknown, () => import(name)])
    await load().catch((error: unknown) => {
      if (String(error).includes("refused")) refused.push(name);
    });
}

// Only now, so that nothing was loaded before.
const { Pipeline, PipelineScheduler } = await import("../../src/index.ts");

class Answer extends Pipeline {
  run() {
    return 42;
  }
}

const connection = `embedded://${process.argv[2]}`;
const scheduler = new PipelineScheduler({ connection, pipelines: [Answer] });
const ran = new Promise<unknown>((resolve) => {
  scheduler.on("JOB_EXECUTED", ({ retval }) => resolve(retval));
});
await scheduler.start();
await scheduler.addJob(Answer, { id: "answer", trigger: "cron", hour: 3 });
await scheduler.runJob("answer");
process.send?.({ kind: "ran", retval: await ran, refused });
await scheduler.shutdown();
process.disconnect();
