import type { Defect } from "./defects.ts";

/** Short, so that a minute holds many recoveries; the checker's {@link RECOVERY_MS} is based on these. */
export const LOCK_MS = 3_000;
export const STALLED_CHECK_MS = 1_000;
export const RECONCILE_MS = 1_000;
export const CLIENT_TIMEOUT_MS = 5_000;
/** About as long as the lock: a blocked call times out while its run may still be the worker's. */
export const WORKER_TIMEOUT_MS = 3_000;
/** Concurrency of a worker; never the bottleneck. */
export const CONCURRENCY = 50;

/** A child program's single argument, as JSON. */
export interface ProgramSettings {
  /** The server's URL, through the proxy. */
  readonly url: string;
  readonly prefix: string;
  /** Its journal's path. */
  readonly dir: string;
  readonly system: "cronduit" | "bare";
  readonly defect?: Defect;
  /** Clock skew of a worker started with a wrong clock. */
  readonly skewMs: number;
}

/** Reads {@link ProgramSettings} from the command line. */
export function readSettings(): ProgramSettings {
  return JSON.parse(process.argv[2] ?? "{}") as ProgramSettings;
}
