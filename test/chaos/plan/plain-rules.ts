import type { Rules } from "../history/job-spec.ts";

/** Ordinary rules. */
export const PLAIN: Rules = {
  maxInstances: 1,
  coalesce: true,
  graceMs: null,
  overlap: "skip",
  retry: null,
  timeoutMs: null,
};
