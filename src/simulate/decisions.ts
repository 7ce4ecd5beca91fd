import { expiryOf, runProgram } from "../conditions/run-program.ts";
import { eachAlone, type Together, together } from "../jobs/decide/catch-up.ts";
import { isLate } from "../jobs/decide/lateness.ts";
import { placeByRules, type PlaceName, queuedOf, roomInQueue } from "../jobs/decide/place.ts";
import { fateOf, type QueuedFate } from "../jobs/decide/take-queued.ts";
import type { Occurrence, Span } from "../jobs/schedule.ts";
import type { OutageLog } from "./outage-log.ts";
import type { Running } from "./running.ts";
import type { DueQueueJob, SimulatedJob, WaitingRun } from "./simulated-job.ts";
import type { Outcome, Tally } from "./tally.ts";
import { JOB_IS_DUE, LOOK_AGAIN, type Timeline } from "./timeline.ts";
import type { Waking } from "./waking.ts";

/** What {@link Decisions} work on. */
export interface DecisionParts {
  readonly timeline: Timeline;
  readonly tally: Tally;
  readonly outages: OutageLog;
  readonly running: Running;
  readonly waking: Waking;
}

/** What came of a look at queued runs. */
interface QueueLook {
  /** The run that is to start. */
  found: WaitingRun | undefined;
  hasDecided: boolean;
  isHeldByGroup: boolean;
  /** When something about those that wait changes by itself. */
  lookAt: number | undefined;
}

/** Decides what is due, by the rules of `src/jobs/decide`. */
export class Decisions {
  readonly #parts: DecisionParts;
  // One object for all questions: there is one for each occurrence.
  readonly #facts = { isConditionTrue: true, running: 0, queued: 0, hasGroupRoom: true };

  constructor(parts: DecisionParts) {
    this.#parts = parts;
  }

  /** A worker takes a queue job: decides what is due by now. */
  take(queueJob: DueQueueJob): void {
    const { job, why, run, since } = queueJob;
    const { tally } = this.#parts;
    const before = tally.changes;
    if (why === "occurrence") this.#takeOccurrence(job);
    else if (why === "wakeup") {
      if (job.wakeup !== queueJob) return;
      job.wakeup = null;
      this.#takeQueued(job);
    } else if (why === "look") {
      // It may be for another instant by now.
      if (job.lookAt !== since) return;
      job.lookAt = undefined;
      this.#takeQueued(job);
    } else if (run) {
      if (!this.#parts.running.goesOn(run)) return;
      this.#parts.running.execute(run);
    }
    this.#parts.waking.endStep(job, why === "resume" || tally.changes > before);
  }

  /** Whether a run would begin now if a worker took it. */
  canBegin(queueJob: DueQueueJob): boolean {
    const { job, why, run, since } = queueJob;
    const { now } = this.#parts.timeline;
    if (run) return this.#parts.running.goesOn(run);
    if (why === "wakeup" && job.wakeup !== queueJob) return false;
    if (why === "look" && job.lookAt !== since) return false;
    const isDue = why === "occurrence" && job.next !== undefined && job.next.dueAt <= now;
    if (!isDue && job.queued.length === 0) return false;
    return !job.isFull && job.hasGroupRoom && this.#isConditionTrue(job);
  }

  /** The same for an occurrence that nobody is before. */
  takeDue(job: SimulatedJob): void {
    const { tally } = this.#parts;
    const before = tally.changes;
    this.#takeOccurrence(job);
    this.#parts.waking.endStep(job, tally.changes > before);
  }

  #takeOccurrence(job: SimulatedJob): void {
    const { now } = this.#parts.timeline;
    const first = job.next;
    if (!first || first.dueAt > now) {
      this.#takeQueued(job);
      return;
    }
    const second = job.schedule.next(first.fireAt);
    if (second === undefined || second.dueAt > now) {
      this.#moveOn(job, first, second);
      if (job.rules.coalesce || job.queued.length === 0) this.#decideOne(job, first);
      else this.#decideSingly(job, [first], undefined);
      return;
    }
    const { coalesce, maxCatchUp } = job.rules;
    const { older, latest } = job.schedule.due(job.watermark, now, coalesce ? 1 : maxCatchUp);
    const last = latest.at(-1) ?? first;
    this.#moveOn(job, last, job.schedule.next(last.fireAt));
    if (coalesce) this.#decideTogether(job, [latest[0] ?? first, ...latest.slice(1)], older);
    else this.#decideSingly(job, latest, older);
  }

  #moveOn(job: SimulatedJob, decided: Occurrence, next: Occurrence | undefined): void {
    job.watermark = decided.fireAt;
    job.next = next;
    if (next) this.#parts.timeline.add(next.dueAt, JOB_IS_DUE, job.index, job.index);
  }

  #decideOne(job: SimulatedJob, { fireAt, dueAt }: Occurrence): void {
    if (isLate(job.rules, dueAt, this.#parts.timeline.now)) {
      this.#decide(job, "missed", dueAt, 1);
      this.#parts.waking.wakeForQueued(job);
      return;
    }
    const place = this.#placeOf(job);
    if (place === "start") {
      this.#parts.running.start(job, { fireAt, dueAt, heldAt: null });
      this.#parts.waking.wakeForQueued(job);
    } else if (place === "condition" || place === "full") {
      this.#refuse(job, place, dueAt, 1);
      this.#parts.waking.wakeForQueued(job);
    } else this.#putInPlace(job, place, [{ fireAt, dueAt }]);
  }

  /** With `coalesce`. */
  #decideTogether(
    job: SimulatedJob,
    due: readonly [Occurrence, ...Occurrence[]],
    older: Span | undefined,
  ): void {
    const { all, before } = together(due, older);
    if (isLate(job.rules, all.dueAt, this.#parts.timeline.now)) {
      this.#decide(job, "missed", all.dueAt, all.count);
      this.#parts.waking.wakeForQueued(job);
      return;
    }
    const place = this.#placeOf(job);
    if (place === "condition" || place === "full") {
      this.#refuse(job, place, all.dueAt, all.count);
      this.#parts.waking.wakeForQueued(job);
      return;
    }
    if (before) this.#decide(job, "coalesced", before.dueAt, before.count);
    if (place === "start") {
      this.#parts.running.start(job, { ...pick(all), heldAt: null });
      this.#parts.waking.wakeForQueued(job);
    } else this.#putInPlace(job, place, [pick(all)]);
  }

  /** Without `coalesce`. */
  #decideSingly(job: SimulatedJob, due: readonly Occurrence[], older: Span | undefined): void {
    const { missed, runs } = eachAlone(job.rules, due, this.#parts.timeline.now);
    if (older) this.#decide(job, "missed", older.dueAt ?? older.toAt, older.count);
    for (const { dueAt } of missed) this.#decide(job, "missed", dueAt, 1);
    if (runs.length === 0) {
      this.#takeQueued(job);
      return;
    }
    const place = this.#placeOf(job);
    if (place === "condition" || place === "full") {
      for (const { dueAt } of runs) this.#refuse(job, place, dueAt, 1);
      this.#parts.waking.wakeForQueued(job);
    } else this.#putInPlace(job, place, runs);
  }

  /** Queues runs, and starts the oldest that may start. */
  #putInPlace(job: SimulatedJob, place: PlaceName, runs: readonly Occurrence[]): void {
    if (place === "replace") this.#replaceQueued(job, runs);
    else {
      const bound =
        roomInQueue(job.rules, job.running, queuedOf(job.rules, job.queued)) ?? runs.length;
      for (const run of runs.slice(0, bound)) this.#queue(job, run);
      for (const { dueAt } of runs.slice(bound)) this.#refuse(job, "full", dueAt, 1);
    }
    this.#takeQueued(job);
  }

  #queue(job: SimulatedJob, { fireAt, dueAt }: Occurrence): void {
    const { waitMs } = job.rules;
    const waits = waitMs !== null && !this.#isConditionTrue(job);
    const waitUntil = waits ? this.#parts.timeline.now + waitMs : null;
    job.queued.push({ fireAt, dueAt, waitUntil, heldAt: null });
  }

  #replaceQueued(job: SimulatedJob, runs: readonly Occurrence[]): void {
    const replaced = [...job.queued.splice(0), ...runs.slice(0, -1)];
    for (const { dueAt } of replaced) this.#decide(job, "overlap-replaced", dueAt, 1);
    const last = runs.at(-1);
    if (last) this.#queue(job, last);
    if (job.rules.overlap === "cancel-running" && job.isFull) this.#parts.running.cancelOldest(job);
  }

  /** Looks at the queued runs, oldest first: decides those that can't wait any longer, and starts the first that may. */
  #takeQueued(job: SimulatedJob): void {
    const { waking } = this.#parts;
    const look = this.#look(job);
    if (look.found) this.#parts.running.start(job, look.found);
    if (job.rules.condition && (!look.found || job.queued.length === 0))
      this.#lookAt(job, look.lookAt);
    // There is nothing left to look at.
    if (job.queued.length === 0 && (look.found || look.hasDecided)) job.wakeup = null;
    if (look.isHeldByGroup) job.group?.join(job);
    else job.group?.leave(job);
    // After a start the others have not been looked at; they will be as soon as there is room.
    if (look.found) waking.wakeForQueued(job);
  }

  #look(job: SimulatedJob): QueueLook {
    const { now } = this.#parts.timeline;
    const { rules, queued } = job;
    const look: QueueLook = {
      found: undefined,
      hasDecided: false,
      isHeldByGroup: false,
      lookAt: undefined,
    };
    let hasRoom = !job.isFull;
    // Without room, only runs that wait for a condition can have something to decide.
    const looksOn = (): boolean => hasRoom || rules.waitMs !== null;
    for (let i = 0, run = queued[i]; run !== undefined && looksOn(); run = queued[i]) {
      const fate = this.#fateOf(job, run);
      if (fate === "late" || fate === "condition") {
        queued.splice(i, 1);
        look.hasDecided = true;
        this.#decide(job, fate === "late" ? "missed" : "condition", run.dueAt, 1);
        continue;
      }
      if (fate === "wait") {
        run.waitUntil ??= now + (rules.waitMs ?? 0);
        look.lookAt = Math.min(look.lookAt ?? run.waitUntil, run.waitUntil, this.#expiryOf(job));
      } else if (hasRoom && job.hasGroupRoom) {
        [look.found] = queued.splice(i, 1);
        return look;
      } else if (hasRoom) {
        look.isHeldByGroup = true;
        run.heldAt ??= now;
        hasRoom = false;
      }
      i += 1;
    }
    return look;
  }

  #fateOf(job: SimulatedJob, run: WaitingRun): QueuedFate {
    const asked = { kind: "scheduled" as const, ignoreCondition: false, ...run };
    return fateOf(job.rules, asked, this.#isConditionTrue(job), this.#parts.timeline.now);
  }

  #lookAt(job: SimulatedJob, at: number | undefined): void {
    if (job.lookAt === at) return;
    job.lookAt = at;
    if (at !== undefined) this.#parts.timeline.add(at, LOOK_AGAIN, job.index, job.index);
  }

  #placeOf(job: SimulatedJob): PlaceName {
    const facts = this.#facts;
    facts.isConditionTrue = this.#isConditionTrue(job);
    facts.running = job.running;
    facts.queued = queuedOf(job.rules, job.queued);
    facts.hasGroupRoom = job.hasGroupRoom;
    return placeByRules(job.rules, facts);
  }

  #isConditionTrue(job: SimulatedJob): boolean {
    const { condition } = job.rules;
    return condition === null || runProgram(condition, job.asked, this.#parts.timeline.now);
  }

  #expiryOf(job: SimulatedJob): number {
    const { condition } = job.rules;
    if (condition === null) return Number.POSITIVE_INFINITY;
    const expiry = expiryOf(condition, job.asked, this.#parts.timeline.now);
    return expiry ?? Number.POSITIVE_INFINITY;
  }

  #refuse(job: SimulatedJob, place: "condition" | "full", dueAt: number, count: number): void {
    this.#decide(job, place === "condition" ? "condition" : "max-instances", dueAt, count);
  }

  #decide(job: SimulatedJob, outcome: Outcome, dueAt: number, count: number): void {
    const { timeline, tally, outages } = this.#parts;
    tally.decided(job.index, outcome, count);
    if (dueAt < outages.lateBefore) outages.note(job, outcome, { dueAt, count, now: timeline.now });
  }
}

function pick({ fireAt, dueAt }: Together): Occurrence {
  return { fireAt, dueAt };
}
