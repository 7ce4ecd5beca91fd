import type { JobFacts } from "../conditions/facts.ts";
import type { EpochMs } from "../core/clock.ts";
import { rulesOf } from "../jobs/decide/rules-of.ts";
import type { JobRules } from "../jobs/decide/state.ts";
import type { JobDefinition, RetryPolicy } from "../jobs/definition.ts";
import { queueOf } from "../jobs/queue.ts";
import { type Occurrence, Schedule } from "../jobs/schedule.ts";
import type { SimulatedGroup } from "./simulated-group.ts";
import type { InLine, WorkerSlots } from "./worker-slots.ts";

/** A job as `durations` and `outcomes` are told of it. */
export interface JobInSimulation {
  readonly id: string;
  /** The name of its pipeline; empty if the job was given without one. */
  readonly pipeline: string;
  readonly queue: string;
  readonly tags: readonly string[];
  readonly params: unknown;
}

/** A run that waits. */
export interface WaitingRun {
  readonly fireAt: EpochMs;
  readonly dueAt: EpochMs;
  /** Until when it waits for its condition; `null`: it does not. */
  waitUntil: EpochMs | null;
  /** Since when only its group has no room for it. */
  heldAt: EpochMs | null;
}

/** A run that was admitted and has no verdict. */
export interface SimulatedRun {
  readonly job: SimulatedJob;
  readonly fireAt: EpochMs;
  attempt: number;
  failures: number;
  /** What the attempt in progress comes to. */
  succeeds: boolean;
  /** Its place among the runs that are executed; -1: it waits for its next attempt. */
  place: number;
  /** Which happening ends or resumes it. */
  turn: number;
  /** Its last attempt failed, and another follows. */
  isSuspended: boolean;
  /** It has its verdict. */
  isOver: boolean;
}

/**
 * A queue job that is due: of an occurrence, of a wakeup for queued runs, of one at an instant (`look`), or of a run that goes
 * on.
 */
export interface DueQueueJob extends InLine {
  readonly job: SimulatedJob;
  readonly why: "occurrence" | "wakeup" | "look" | "resume";
  readonly run: SimulatedRun | null;
  readonly since: EpochMs;
}

/** A queue job, to be put in line. */
export function dueQueueJob(
  job: SimulatedJob,
  why: DueQueueJob["why"],
  { since, run = null }: { readonly since: EpochMs; readonly run?: SimulatedRun | null },
): DueQueueJob {
  return { job, why, run, since, ableAt: null, isTaken: false };
}

/** A job of the simulated fleet, with all that the rules ask of it. */
export class SimulatedJob {
  readonly index: number;
  readonly id: string;
  readonly about: JobInSimulation;
  readonly definition: JobDefinition;
  readonly rules: JobRules;
  readonly retry: RetryPolicy | null;
  readonly timeoutMs: number | null;
  readonly schedule: Schedule;
  readonly slots: WorkerSlots<DueQueueJob>;
  readonly group: SimulatedGroup<SimulatedJob> | null;
  /** The facts of the jobs that its condition names. */
  readonly asked: Record<string, JobFacts | null> = {};
  /** Jobs whose runs may wait for a condition on this one. */
  readonly dependents: SimulatedJob[] = [];
  /** What conditions ask about this job. */
  readonly facts: { -readonly [K in keyof JobFacts]: JobFacts[K] } = {
    lastVerdict: null,
    lastSuccessAt: null,
    successStreak: 0,
    running: 0,
    everRan: false,
  };
  readonly queued: WaitingRun[] = [];
  /** Its unfinished runs, in the order of their start; only with `cancel-running`. */
  readonly runs: SimulatedRun[] = [];
  next: Occurrence | undefined;
  watermark: EpochMs;
  running = 0;
  failuresInARow = 0;
  pausedAt: EpochMs | null = null;
  /** Makes a worker look at its queued runs. One in line that is not this any more is void. */
  wakeup: DueQueueJob | null = null;
  /** When something about its queued runs changes by itself. */
  lookAt: EpochMs | undefined;

  constructor(
    index: number,
    definition: JobDefinition,
    parts: {
      readonly slots: WorkerSlots<DueQueueJob>;
      readonly group: SimulatedGroup<SimulatedJob> | null;
      readonly watermark: EpochMs;
    },
  ) {
    const { id, pipeline, tags, params, policy } = definition;
    this.index = index;
    this.id = id;
    this.about = Object.freeze({ id, pipeline, queue: queueOf(definition), tags, params });
    this.definition = definition;
    this.rules = rulesOf(definition);
    this.retry = policy.retry;
    this.timeoutMs = policy.timeoutMs;
    this.schedule = new Schedule(definition);
    this.slots = parts.slots;
    this.group = parts.group;
    this.watermark = parts.watermark;
    this.next = this.schedule.next(parts.watermark);
  }

  get isFull(): boolean {
    return this.running >= this.rules.maxInstances;
  }

  get hasGroupRoom(): boolean {
    const { group } = this.rules;
    return this.group === null || group === null || this.group.running < group.limit;
  }
}
