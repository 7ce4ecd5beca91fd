/** The schedule of a workload job. Every anchor is explicit, so nothing depends on when the job was stored. */
export type Schedule =
  | { readonly kind: "interval"; readonly everyMs: number; readonly startAt: number }
  | { readonly kind: "cron"; readonly seconds: readonly number[]; readonly timezone: string }
  | { readonly kind: "date"; readonly at: number };

/** Its rules. */
export interface Rules {
  readonly maxInstances: number;
  readonly coalesce: boolean;
  /** `null`: no limit. */
  readonly graceMs: number | null;
  readonly overlap: "skip" | "queue-one" | "queue-all";
  /** Delays double from `delayMs` on; `null`: one attempt. */
  readonly retry: { readonly attempts: number; readonly delayMs: number } | null;
  readonly timeoutMs: number | null;
}

/**
 * What a run does: `polite` ends when told to, `deaf` doesn't listen, `fail` throws at its end, `flaky` throws in its
 * first attempts, `sleepy` releases its worker in the middle.
 */
export interface Work {
  readonly ms: number;
  readonly act: (typeof ACTS)[number];
}

/** What runs can do; see {@link Work}. */
export const ACTS = ["polite", "deaf", "fail", "flaky", "sleepy"] as const;

/** A workload job in one of its revisions. */
export interface JobSpec {
  readonly schedule: Schedule;
  readonly rules: Rules;
  readonly work: Work;
  /** Travels in the job's params, and each run records it; unique among a job's edits. */
  readonly rev: number;
}

/** What a client does to a job. */
export type Change =
  | { readonly kind: "add"; readonly spec: JobSpec }
  | { readonly kind: "remove" }
  /** `until`: when it ends by itself. */
  | { readonly kind: "pause"; readonly until?: number }
  | { readonly kind: "resume"; readonly missed?: "latest" | "all" }
  /** Of the fire time `at`. */
  | { readonly kind: "skip" | "unskip"; readonly at: number }
  | {
      readonly kind: "override";
      readonly until: number;
      readonly isPaused?: true;
      readonly schedule?: Schedule;
    }
  /** All overrides. */
  | { readonly kind: "clear" }
  /** Asked for by a call with this name. */
  | { readonly kind: "run"; readonly bulkId: string }
  /** Several jobs by one call; the checker sees a call for each. */
  | {
      readonly kind: "bulk";
      readonly what: "pause" | "resume" | "run";
      readonly jobs: readonly string[];
    }
  /** Nobody's: what was to end at this instant ends. */
  | { readonly kind: "ends"; readonly at: number }
  | {
      readonly kind: "modify";
      readonly rules: Rules;
      readonly work: Work;
      readonly rev: number;
    }
  | {
      readonly kind: "reschedule";
      readonly schedule: Schedule;
      readonly work: Work;
      readonly rev: number;
    };

/** A change of one job; `id` is its place in the plan. */
export interface Edit {
  readonly id: number;
  readonly job: string;
  readonly change: Change;
}
