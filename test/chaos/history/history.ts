import type { Edit } from "./job-spec.ts";

/** What is done to the fleet. Each kind must happen in every run, or the run proves nothing. */
export const FAULT_KINDS = [
  "kill-worker",
  "stop-worker",
  "block-loop",
  "skew-clock",
  "kill-scheduler",
  "stop-scheduler",
  "restart-server",
  "freeze-server",
  "sleep-server",
  "hold-calls",
  "kill-connections",
  "slow-network",
  "cut-network",
  "delete-keys",
] as const;

/** One of {@link FAULT_KINDS}. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault as it happened. All times of a history are epoch ms of this machine's true clock. */
export interface Fault {
  readonly kind: FaultKind;
  readonly from: number;
  readonly to: number;
  /** The process that it was done to; absent if it touched all. */
  readonly pid?: number;
  /** What shows that it had an effect, e.g. how many keys went; absent if nothing shows it. */
  readonly proof?: string;
}

/** One execution of a pipeline, as it wrote it down itself. */
export interface Attempt {
  readonly job: string;
  readonly run: string;
  readonly attempt: number;
  readonly pid: number;
  readonly fireAt: number;
  readonly dueAt: number;
  /** Server time of its admission, as it was told. */
  readonly admittedAt: number;
  readonly rev: number;
  readonly startAt: number;
  /** When it reached its end; absent if it never did. */
  readonly endAt?: number;
  readonly endedOk?: boolean;
  /** It ended by going to sleep: what goes on later has the same number. */
  readonly isAsleep?: boolean;
  /** When its process was dead; absent if the process outlived the attempt. */
  readonly diedAt?: number;
}

/** One try of a client to change a job: what was asked between `from` and `to` took effect in between. */
export interface Call {
  readonly edit: Edit;
  readonly pid: number;
  readonly from: number;
  /** When the answer came; of a call without one, when it can no longer take effect. */
  readonly to: number;
  /** `unknown`: it may have taken effect or not. */
  readonly result: "ok" | "refused" | "unknown";
  /** The server was in trouble meanwhile: the call may have been sent twice, and the answer be that to the second time. */
  readonly isRepeated?: boolean;
  /** Why it was refused, or what stood in the way of an answer. */
  readonly error?: string;
}

/** An event that the named listener was called with. */
export interface Heard {
  readonly name: string;
  /** When it was heard. */
  readonly at: number;
  readonly pid: number;
  /** When it happened, by the server. */
  readonly time: number;
  readonly job?: string;
  readonly run?: string;
  readonly fireAt?: number;
  readonly attempt?: number;
  readonly count?: number;
  readonly reason?: string;
}

/** A row of the ledger. Of several occurrences that share it, `fireAt` is the latest and `fromAt` the first. */
export interface Row {
  readonly job: string;
  readonly run: string;
  readonly verdict: string;
  readonly kind: string;
  readonly fireAt: number;
  readonly dueAt: number;
  readonly fromAt: number;
  readonly count: number;
  readonly decidedAt?: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly attempt?: number;
  readonly reason?: string;
  readonly coalescedInto?: string;
  /** The `attempt` in what the pipeline returned. */
  readonly resultAttempt?: number;
  readonly errorCode?: string;
}

/** The retry of a scheduled run goes on only when its job does, and in the end every job is paused. */
export function mayWaitForJob({ verdict, kind }: Row): boolean {
  return verdict === "retrying" && kind === "scheduled";
}

/** A process did not run for a while, whatever the reason; written by itself afterwards. */
export interface Stall {
  readonly pid: number;
  readonly from: number;
  readonly to: number;
}

/** A process that ended by itself, and the end of what it said. */
export interface Crash {
  readonly pid: number;
  readonly at: number;
  readonly text: string;
}

/** All that is known of a run of the harness: plain, so that it can be written down, doctored and checked again. */
export interface History {
  readonly from: number;
  /** When the last look at the store was taken; nothing is expected of later. */
  readonly to: number;
  readonly calls: readonly Call[];
  readonly attempts: readonly Attempt[];
  readonly heard: readonly Heard[];
  /** Whether events of all jobs have one order, or those of each job their own. */
  readonly eventOrder: "all" | "job";
  readonly rows: readonly Row[];
  /** Runs without a verdict in the last look, after everything had time to end. */
  readonly open: readonly Row[];
  readonly faults: readonly Fault[];
  readonly stalls: readonly Stall[];
  /** When the server took long for something small, whatever the reason. */
  readonly slowness: readonly { readonly from: number; readonly to: number }[];
  readonly deaths: readonly { readonly pid: number; readonly at: number }[];
  /** Processes that ended although nobody had ended them. */
  readonly crashes: readonly Crash[];
}
