import type { Call } from "../../call.ts";
import { runDev } from "../../dev/run-dev.ts";

/** `cronduit dev` */
export function run(call: Call): Promise<number> {
  return runDev(call);
}
