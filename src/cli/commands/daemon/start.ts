import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { runDaemon } from "../../daemon/run-daemon.ts";

export const endsBySignal = true;

/** `cronduit start` */
export async function run(call: Call): Promise<number> {
  const { workerOnly, schedulerOnly } = call.read.values;
  if (workerOnly && schedulerOnly)
    throw new CliError(
      "INVALID_SETTING",
      "--worker-only and --scheduler-only exclude each other.",
      "Leave one of them out, or both.",
    );
  return runDaemon(call, workerOnly ? "worker" : schedulerOnly ? "scheduler" : "all");
}
