import type { Call } from "../../call.ts";
import { runDev } from "../../dev/run-dev.ts";

export const endsBySignal = true;

/** `cronduit dev` */
export function run(call: Call): Promise<number> {
  return runDev(call);
}
