import type { EpochMs } from "../../core/clock.ts";
import type { AdmitRequest } from "../run-requests.ts";
import { type Judgement, judge } from "./condition-now.ts";
import { hasGroupRoom, joinLine, leaveLine } from "./group-room.ts";
import { isLate } from "./lateness.ts";
import { decidedOf, takeOut } from "./queued-runs.ts";
import { startRun } from "./run-start.ts";
import type { JobEntry, JobRules, QueuedEntry, RunningRun } from "./state.ts";
import { isFull, type Step } from "./step.ts";
import { decideAgainst } from "./verdicts.ts";
import { dropWakeups, wakeAt } from "./wakeups.ts";

/** Queued runs that one step looks at; the next step takes what is beyond. */
const MAX_LOOKED_AT = 1_000;

/**
 * What becomes of a queued run at a look: it starts if there is room; it is too late; its condition is false, and it waits
 * no longer; or it waits on.
 */
export type QueuedFate = "start" | "late" | "condition" | "wait";

/** The fate of a queued run. Only scheduled runs can be too late. */
export function fateOf(
  rules: Pick<JobRules, "graceMs" | "waitMs">,
  run: Pick<QueuedEntry, "kind" | "dueAt" | "ignoreCondition" | "waitUntil">,
  isConditionTrue: boolean,
  now: EpochMs,
): QueuedFate {
  if (run.kind === "scheduled" && isLate(rules, run.dueAt, now)) return "late";
  if (isConditionTrue || run.ignoreCondition) return "start";
  const isOver = rules.waitMs === null || (run.waitUntil !== null && run.waitUntil <= now);
  return isOver ? "condition" : "wait";
}

/** What came of a look at the queued runs. */
export interface Look {
  readonly run: RunningRun | undefined;
  /** Whether all were looked at that need to be: none can start now. */
  readonly isComplete: boolean;
}

/** Looks at the queued runs, oldest first: decides those that can't wait any longer, and starts the first that may start. */
export function takeQueued(step: Step, job: JobEntry, request: AdmitRequest): Look {
  const look = new QueueLook(step, job);
  const next = look.findStart();
  const run = next && startRun(step, job, request, next);
  if (job.rules.condition && (!run || job.queued.length === 0)) wakeAt(step, job, look.lookAt);
  if ((run || look.decided > 0) && job.queued.length === 0) dropWakeups(step, job);
  if (job.rules.group !== null) {
    // Keeps or gives up its place in the line. The group wakes the next at the end of the step.
    if (look.isHeldByGroup) joinLine(step, job);
    else leaveLine(step, job);
  }
  return { run, isComplete: !run && look.decided < MAX_LOOKED_AT };
}

/** One look at a job's queued runs. */
class QueueLook {
  readonly #step: Step;
  readonly #job: JobEntry;
  #judgement: Judgement | undefined;
  decided = 0;
  isHeldByGroup = false;
  /** When something about those that wait changes by itself. */
  lookAt: EpochMs | undefined;

  constructor(step: Step, job: JobEntry) {
    this.#step = step;
    this.#job = job;
  }

  /** The run that is to start, taken out of the queue. */
  findStart(): QueuedEntry | undefined {
    const { rules, queued } = this.#job;
    let hasRoom = !isFull(this.#step, this.#job);
    // Without room, only runs that wait for a condition can have something to decide.
    const looksOn = (): boolean => hasRoom || rules.waitMs !== null;
    if (!looksOn()) return undefined;
    for (const run of queued.slice(0, MAX_LOOKED_AT)) {
      const fate = fateOf(rules, run, this.#isTrue(), this.#step.now);
      if (fate === "late" || fate === "condition") this.#decide(run, fate);
      else if (fate === "wait") this.#wait(run);
      else if (hasRoom && !hasGroupRoom(this.#step, rules)) {
        this.isHeldByGroup = true;
        hasRoom = false;
      } else if (hasRoom) return takeOut(this.#job, run.id);
      if (!looksOn()) break;
    }
    return undefined;
  }

  #isTrue(): boolean {
    const { condition, sees } = this.#job.rules;
    if (!condition) return true;
    this.#judgement ??= judge(this.#step, condition, sees);
    return this.#judgement.isTrue;
  }

  #decide(run: QueuedEntry, fate: "late" | "condition"): void {
    takeOut(this.#job, run.id);
    this.decided += 1;
    decideAgainst(
      this.#step,
      this.#job,
      decidedOf(run),
      fate === "late"
        ? { verdict: "missed", event: "JOB_MISSED" }
        : {
            verdict: "skipped",
            event: "JOB_SKIPPED",
            reason: "condition",
            facts: this.#judgement?.facts,
          },
    );
  }

  #wait(run: QueuedEntry): void {
    run.waitUntil ??= this.#step.now + (this.#job.rules.waitMs ?? 0);
    const moments = [this.lookAt, run.waitUntil, this.#judgement?.expiresAt];
    this.lookAt = Math.min(...moments.filter((moment) => moment !== undefined));
  }
}
