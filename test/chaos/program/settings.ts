import type { Defect } from "./defects.ts";

/** Short, so that a minute holds many recoveries; {@link RECOVERY_MS} of the checker is made for these. */
export const LOCK_MS = 3_000;
export const STALLED_CHECK_MS = 1_000;
export const RECONCILE_MS = 1_000;
export const CLIENT_TIMEOUT_MS = 5_000;
/** About as long as the lock: a call that is held up is given up while its run may still be the worker's. */
export const WORKER_TIMEOUT_MS = 3_000;
/** Runs that a worker executes at once: never the bottleneck. */
export const CONCURRENCY = 50;

/** What a child program is told as its one argument, as JSON text. */
export interface ProgramSettings {
  /** Of the server, through the proxy. */
  readonly url: string;
  readonly prefix: string;
  /** Where its append-only file is. */
  readonly dir: string;
  readonly system: "cronduit" | "bare";
  readonly defect?: Defect;
  /** Of a worker that is started with a wrong clock. */
  readonly skewMs: number;
}

/** Reads {@link ProgramSettings} from the command line. */
export function readSettings(): ProgramSettings {
  return JSON.parse(process.argv[2] ?? "{}") as ProgramSettings;
}
