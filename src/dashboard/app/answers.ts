import type { Answer } from "./ask.ts";

/** A job. */
export type Job = Answer<"GET /jobs/{jobId}">;
/** A run, or what was decided about an occurrence that did not run. */
export type Run = Answer<"GET /runs/{runId}">;
