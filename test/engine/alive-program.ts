// A child program in which nothing but this package could keep the process alive. `wait` stays as long as it may and is
// told when to shut down by a signal; `once` ends with what became of the start.
import { isCronduitError, PipelineScheduler } from "../../src/index.ts";

const [what, url, prefix = "alive"] = process.argv.slice(2);
const scheduler = new PipelineScheduler({
  ...(url ? { connection: url } : {}),
  prefix,
  worker: false,
  timeout: what === "once" ? 1.5 : 60,
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  signals: ["SIGTERM"],
});
process.once("SIGTERM", () => console.log(JSON.stringify("told to end")));
try {
  await scheduler.start();
  console.log(JSON.stringify("started"));
  if (what === "once") await scheduler.shutdown();
} catch (error) {
  console.log(JSON.stringify(isCronduitError(error) ? error.code : String(error)));
  await scheduler.shutdown();
}
