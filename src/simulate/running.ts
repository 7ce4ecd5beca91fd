import type { EpochMs } from "../core/clock.ts";
import { retryDelay } from "../jobs/decide/retry-delay.ts";
import type { Collisions } from "./collisions.ts";
import type { OutageLog } from "./outage-log.ts";
import type { RunLengths } from "./run-lengths.ts";
import {
  dueQueueJob,
  type SimulatedJob,
  type SimulatedRun,
  type WaitingRun,
} from "./simulated-job.ts";
import type { Tally } from "./tally.ts";
import { RUN_TURNS, type Timeline } from "./timeline.ts";
import type { Waking } from "./waking.ts";

/** What {@link Running} works on. */
export interface RunningParts {
  readonly timeline: Timeline;
  readonly tally: Tally;
  readonly collisions: Collisions;
  readonly outages: OutageLog;
  readonly waking: Waking;
  readonly lengths: RunLengths;
}

/** Runs from their start to their verdict. */
export class Running {
  readonly #parts: RunningParts;
  readonly #executing: SimulatedRun[] = [];
  /** Which run a happening on the timeline is about; none if it has been overtaken. */
  readonly #turns: (SimulatedRun | undefined)[] = [];
  readonly #freeTurns: number[] = [];
  readonly #cancelled: SimulatedRun[] = [];
  /** Runs that have no verdict. */
  unfinished = 0;

  constructor(parts: RunningParts) {
    this.#parts = parts;
  }

  /** How many are executed. */
  get executing(): number {
    return this.#executing.length;
  }

  /** An occurrence, or a run that was queued, starts. */
  start(job: SimulatedJob, { fireAt, dueAt, heldAt }: Omit<WaitingRun, "waitUntil">): void {
    const { timeline, tally, outages } = this.#parts;
    const { now } = timeline;
    const run = {
      job,
      fireAt,
      attempt: 0,
      failures: 0,
      succeeds: true,
      place: -1,
      turn: -1,
      isSuspended: false,
      isOver: false,
    };
    this.unfinished += 1;
    job.running += 1;
    job.facts.running += 1;
    job.facts.everRan = true;
    if (job.group)
      job.group.start(now, heldAt === null ? 0 : now - Math.max(heldAt, outages.lateBefore));
    if (job.rules.overlap === "cancel-running") job.runs.push(run);
    tally.started(job.index, now, now - dueAt);
    if (dueAt < outages.lateBefore) outages.note(job, "ran", { dueAt, count: 1, now });
    this.execute(run);
  }

  /** An attempt begins; there is a slot for it. */
  execute(run: SimulatedRun): void {
    const { timeline, tally, collisions, lengths } = this.#parts;
    const { job } = run;
    const { now } = timeline;
    job.slots.take(now);
    run.attempt += 1;
    run.isSuspended = false;
    const lengthMs = lengths.plan(run);
    run.place = this.#executing.push(run) - 1;
    this.#turnAt(run, now + lengthMs);
    tally.executing(this.#executing.length, now);
    if (this.#executing.length > 1) collisions.note(this.#executing, now, tally.day);
  }

  /** A happening of the timeline: an attempt is over, or a run goes on after a failed one. */
  turn(number: number): void {
    const run = this.#turns[number];
    this.#turns[number] = undefined;
    this.#freeTurns.push(number);
    if (run === undefined) return;
    run.turn = -1;
    if (run.place >= 0) this.#attemptIsOver(run);
    else this.#lineUp(run);
  }

  /** Whether a run that has a slot goes on. The retries of a paused job wait until it is resumed. */
  goesOn(run: SimulatedRun): boolean {
    return !run.isOver && !(run.isSuspended && run.job.pausedAt !== null);
  }

  /** A run goes on as soon as there is a slot. */
  #lineUp(run: SimulatedRun): void {
    const { job } = run;
    job.slots.lineUp(dueQueueJob(job, "resume", { run, since: this.#parts.timeline.now }));
  }

  /**
   * With `cancel-running`: cancels the oldest run of the job. One that is executed ends with {@link endCancelled}, when its
   * worker has heard of it.
   */
  cancelOldest(job: SimulatedJob): void {
    const [oldest] = job.runs
      .filter((run) => !this.#cancelled.includes(run))
      .toSorted((a, b) => a.fireAt - b.fireAt);
    if (!oldest) return;
    if (oldest.place >= 0) this.#cancelled.push(oldest);
    else this.#finish(oldest, "cancelled");
  }

  /** Ends the runs that were cancelled. */
  endCancelled(): void {
    for (let run = this.#cancelled.shift(); run; run = this.#cancelled.shift()) {
      this.#stop(run);
      this.#finish(run, "cancelled");
      this.#endStep(run.job);
    }
  }

  /** The workers stop: what is executed ends without a verdict. @returns these runs, which keep their instances */
  interrupt(): SimulatedRun[] {
    const interrupted = this.#executing.toSorted(
      (a, b) => a.fireAt - b.fireAt || a.job.index - b.job.index,
    );
    for (const run of interrupted) {
      this.#stop(run);
      if (run.turn >= 0) this.#turns[run.turn] = undefined;
      run.turn = -1;
    }
    return interrupted;
  }

  #turnAt(run: SimulatedRun, at: EpochMs): void {
    const free = this.#freeTurns.pop() ?? this.#turns.length;
    this.#turns[free] = run;
    run.turn = free;
    this.#parts.timeline.add(at, RUN_TURNS, free, run.job.index);
  }

  #stop(run: SimulatedRun): void {
    const { now } = this.#parts.timeline;
    const last = this.#executing.pop();
    if (last && last !== run) {
      this.#executing[run.place] = last;
      last.place = run.place;
    }
    run.place = -1;
    run.job.slots.release(now);
    this.#parts.tally.executing(this.#executing.length, now);
  }

  #attemptIsOver(run: SimulatedRun): void {
    const { retry } = run.job;
    this.#stop(run);
    if (run.succeeds || retry === null || run.failures + 1 >= retry.attempts) {
      this.#finish(run, run.succeeds ? "succeeded" : "failed");
      this.#endStep(run.job);
      return;
    }
    run.failures += 1;
    run.isSuspended = true;
    const inMs = retryDelay(retry, run.failures, `${run.job.id}:${run.fireAt}`);
    this.#turnAt(run, this.#parts.timeline.now + inMs);
  }

  #finish(run: SimulatedRun, verdict: "succeeded" | "failed" | "cancelled"): void {
    const { timeline, tally } = this.#parts;
    const { job } = run;
    const { facts } = job;
    run.isOver = true;
    if (run.turn >= 0) this.#turns[run.turn] = undefined;
    const { now } = timeline;
    this.unfinished -= 1;
    job.running -= 1;
    facts.running -= 1;
    if (job.group) job.group.end(now);
    if (job.rules.overlap === "cancel-running") job.runs.splice(job.runs.indexOf(run), 1);
    tally.decided(job.index, verdict, 1);
    facts.lastVerdict = verdict;
    if (verdict === "succeeded") {
      facts.lastSuccessAt = now;
      facts.successStreak += 1;
      job.failuresInARow = 0;
    } else {
      facts.successStreak = 0;
      if (verdict === "failed") job.failuresInARow += 1;
      this.#pauseIfTooMany(job, verdict);
    }
  }

  #endStep(job: SimulatedJob): void {
    this.#parts.waking.wakeForQueued(job);
    this.#parts.waking.endStep(job, true);
  }

  #pauseIfTooMany(job: SimulatedJob, verdict: "failed" | "cancelled"): void {
    const { pauseAfter } = job.rules;
    const isTooMany = pauseAfter !== null && job.failuresInARow >= pauseAfter;
    if (verdict !== "failed" || !isTooMany || job.pausedAt !== null || !job.next) return;
    job.pausedAt = this.#parts.timeline.now;
    job.next = undefined;
    const dropped = job.queued.splice(0).length;
    if (dropped > 0) this.#parts.tally.decided(job.index, "paused", dropped);
    job.group?.leave(job);
  }
}
