import { nextTurn, systemClock, type EpochMs } from "../core/clock.ts";
import { Collisions } from "./collisions.ts";
import { Decisions } from "./decisions.ts";
import type { OutageLog, PlayedOutage } from "./outage-log.ts";
import type { PlayedPeriod } from "./played-period.ts";
import type { RunLengths } from "./run-lengths.ts";
import { Running } from "./running.ts";
import type { SimulatedFleet } from "./simulated-fleet.ts";
import { type DueQueueJob, dueQueueJob, type SimulatedRun } from "./simulated-job.ts";
import { Tally } from "./tally.ts";
import { JOB_IS_DUE, LOOK_AGAIN, RUN_TURNS, Timeline } from "./timeline.ts";
import { Waking } from "./waking.ts";
import type { WorkerSlots } from "./worker-slots.ts";

/** After so long others of this process get their turn, and the signal is looked at. */
const TURN_AFTER_MS = 20;
/** How much happens between two looks at the clock. */
const LOOK_AFTER = 16;

/** Plays what happens to a fleet: as the engines would decide it, with nothing executed. */
export class FleetPlayer {
  readonly fleet: SimulatedFleet;
  readonly period: PlayedPeriod;
  readonly tally: Tally;
  readonly collisions: Collisions;
  readonly outages: OutageLog;
  readonly running: Running;
  readonly #timeline: Timeline;
  readonly #decisions: Decisions;
  readonly #canBegin = (queueJob: DueQueueJob): boolean => this.#decisions.canBegin(queueJob);
  #isDown = false;
  #interrupted: SimulatedRun[] = [];

  constructor(
    fleet: SimulatedFleet,
    {
      period,
      lengths,
      outages,
    }: { readonly period: PlayedPeriod; readonly lengths: RunLengths; readonly outages: OutageLog },
  ) {
    const timeline = new Timeline(period.fromAt, fleet.jobs.length);
    const waking = new Waking(timeline);
    this.fleet = fleet;
    this.period = period;
    this.outages = outages;
    this.tally = new Tally(period, fleet.jobs.length);
    this.collisions = new Collisions(period);
    const { tally, collisions } = this;
    this.running = new Running({ timeline, tally, collisions, outages, waking, lengths });
    this.#timeline = timeline;
    this.#decisions = new Decisions({ timeline, tally, outages, running: this.running, waking });
  }

  async play(signal: AbortSignal | undefined): Promise<void> {
    for (const { index, next } of this.fleet.jobs)
      if (next)
        this.#timeline.add(Math.max(next.dueAt, this.period.fromAt), JOB_IS_DUE, index, index);
    for (const outage of this.outages.all) {
      await this.#playTo(outage.fromAt, signal);
      this.#goDown(outage);
      await this.#playTo(outage.toAt, signal);
      this.#comeBack(outage);
    }
    await this.#playTo(this.period.toAt, signal);
    this.#close();
  }

  async #playTo(until: EpochMs, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const turnEndsAt = systemClock.elapsed() + TURN_AFTER_MS;
      do {
        for (let i = 0; i < LOOK_AFTER; i += 1) {
          if (!this.#timeline.advance(until)) return;
          this.#tick();
        }
      } while (systemClock.elapsed() < turnEndsAt);
      await nextTurn();
    }
  }

  #tick(): void {
    const { kind, index, now } = this.#timeline;
    this.tally.moveTo(now);
    if (kind === RUN_TURNS) this.running.turn(index);
    else {
      const job = this.fleet.jobs[index];
      if (kind === LOOK_AGAIN && job?.lookAt === now) {
        job.slots.lineUp(dueQueueJob(job, "look", { since: now }));
      } else if (kind === JOB_IS_DUE && job?.next && job.next.dueAt <= now) {
        // Nearly always there is a slot, and nobody in line.
        if (!this.#isDown && job.slots.waiting === 0 && job.slots.hasRoom)
          this.#decisions.takeDue(job);
        else job.slots.lineUp(dueQueueJob(job, "occurrence", { since: now }));
      }
    }
    this.running.endCancelled();
    if (!this.#isDown) this.#serveLines();
  }

  #serveLines(): void {
    for (const slots of this.fleet.slots) if (slots.waiting > 0) this.#serve(slots);
  }

  #serve(slots: WorkerSlots<DueQueueJob>): void {
    const { now } = this.#timeline;
    while (slots.hasRoom) {
      const queueJob = slots.next();
      if (!queueJob) break;
      const before = slots.taken;
      this.#decisions.take(queueJob);
      this.running.endCancelled();
      const { ableAt } = queueJob;
      // The time without workers is no wait for a slot.
      if (slots.taken > before && ableAt !== null)
        slots.noteWait(now - Math.max(ableAt, this.outages.lateBefore));
    }
    slots.noteWaiting(now, this.#canBegin);
  }

  #goDown(outage: PlayedOutage): void {
    this.#moveTo(outage.fromAt);
    this.#isDown = true;
    this.#interrupted = this.running.interrupt();
    outage.interrupted = this.#interrupted.length;
  }

  /** Runs that were interrupted go on first: their queue jobs are the oldest. */
  #comeBack(outage: PlayedOutage): void {
    this.#moveTo(outage.toAt);
    this.#isDown = false;
    this.outages.lateBefore = outage.toAt;
    for (const slots of this.fleet.slots) {
      const own = this.#interrupted.filter(({ job }) => job.slots === slots);
      const since = outage.toAt;
      slots.lineUpFirst(own.map((run) => dueQueueJob(run.job, "resume", { run, since })));
    }
    this.#interrupted = [];
    this.#serveLines();
    const left = this.fleet.slots.reduce((sum, slots) => sum + slots.waitingRuns, 0);
    outage.burst = this.running.executing + left;
  }

  #moveTo(at: EpochMs): void {
    this.#timeline.now = at;
    this.tally.moveTo(at);
  }

  #close(): void {
    const { toAt } = this.period;
    this.#moveTo(toAt);
    this.tally.close();
    for (const slots of this.fleet.slots) slots.close(toAt);
    for (const group of this.fleet.groups) group.close(toAt);
  }
}
