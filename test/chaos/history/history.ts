import type { JobDays } from "../../../src/jobs/roll-up.ts";
import type { Edit } from "./job-spec.ts";

/** Faults injected into the fleet. Each kind must occur in every run, or the run proves nothing. */
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

/** A fault that occurred. All times in a history are epoch ms of this machine's true clock. */
export interface Fault {
  readonly kind: FaultKind;
  readonly from: number;
  readonly to: number;
  /** The process it hit; absent if it hit all. */
  readonly pid?: number;
  /** Evidence of its effect, e.g. how many keys vanished; absent if there is none. */
  readonly proof?: string;
}

/** One execution of a pipeline, by its own record. */
export interface Attempt {
  readonly job: string;
  readonly run: string;
  readonly attempt: number;
  readonly pid: number;
  readonly fireAt: number;
  readonly dueAt: number;
  /** Server time of its admission, as the run was told. */
  readonly admittedAt: number;
  readonly rev: number;
  readonly startAt: number;
  /** When it reached its end; absent if it never did. */
  readonly endAt?: number;
  readonly endedOk?: boolean;
  /** It ended by going to sleep: the continuation has the same number. */
  readonly isAsleep?: boolean;
  /** When its process died; absent if the process outlived the attempt. */
  readonly diedAt?: number;
}

/** A client's attempt to change a job. It took effect between `from` and `to`. */
export interface Call {
  readonly edit: Edit;
  readonly pid: number;
  readonly from: number;
  /** When the answer came; for a call without one, when it can no longer take effect. */
  readonly to: number;
  /** `unknown`: it may or may not have taken effect. */
  readonly result: "ok" | "refused" | "unknown";
  /** The server was in trouble meanwhile: the call may have been sent twice, and the answer may be the second one's. */
  readonly isRepeated?: boolean;
  /** Why it was refused, or why there was no answer. */
  readonly error?: string;
}

/** An event that the named listener received. */
export interface Heard {
  readonly name: string;
  /** When it was received. */
  readonly at: number;
  readonly pid: number;
  /** When it happened, by the server's clock. */
  readonly time: number;
  readonly job?: string;
  readonly run?: string;
  readonly fireAt?: number;
  readonly attempt?: number;
  readonly count?: number;
  readonly reason?: string;
}

/** A ledger row. If several occurrences share it, `fireAt` is the latest and `fromAt` the first. */
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
  /** The `attempt` that the pipeline returned. */
  readonly resultAttempt?: number;
  readonly errorCode?: string;
}

/** The retry of a scheduled run waits while its job is paused, and in the end every job is paused. */
export function mayWaitForJob({ verdict, kind }: Row): boolean {
  return verdict === "retrying" && kind === "scheduled";
}

/** A time in which a process didn't run, for whatever reason; recorded by the process itself afterwards. */
export interface Stall {
  readonly pid: number;
  readonly from: number;
  readonly to: number;
}

/** A process that exited by itself, with the tail of its output. */
export interface Crash {
  readonly pid: number;
  readonly at: number;
  readonly text: string;
}

/** A fire time that `account` calls lost, or a decision that it can't explain. */
export interface AccountedWrong {
  readonly job: string;
  readonly problem: "surplus" | "unaccounted";
  readonly fireAt: number;
}

/** Everything known about a run of the harness, as plain data that can be saved, doctored and checked again. */
export interface History {
  readonly from: number;
  /** When the store was last read; nothing is expected of later times. */
  readonly to: number;
  readonly calls: readonly Call[];
  readonly attempts: readonly Attempt[];
  readonly heard: readonly Heard[];
  /** Whether events have one order across all jobs, or one per job. */
  readonly eventOrder: "all" | "job";
  readonly rows: readonly Row[];
  /** Runs without a verdict at the last read, after everything had time to end. */
  readonly open: readonly Row[];
  /** What `account` found wrong at the end; absent in histories that were saved before it was asked. */
  readonly accountedWrong?: readonly AccountedWrong[];
  /** The roll-ups, read together with the rows; absent in histories that were saved before there were any. */
  readonly days?: readonly JobDays[];
  readonly faults: readonly Fault[];
  readonly stalls: readonly Stall[];
  /** When the server was slow to answer something small, for whatever reason. */
  readonly slowness: readonly { readonly from: number; readonly to: number }[];
  readonly deaths: readonly { readonly pid: number; readonly at: number }[];
  /** Processes that exited although nobody killed them. */
  readonly crashes: readonly Crash[];
}
