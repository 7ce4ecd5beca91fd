import type { Call } from "../../call.ts";
import { runDaemon } from "../../daemon/run-daemon.ts";

export const endsBySignal = true;

/** `cronduit worker` */
export function run(call: Call): Promise<number> {
  return runDaemon(call, "worker");
}
