import type { EpochMs } from "../../core/clock.ts";
import type { SkipReason } from "../verdict.ts";
import type { NamedFacts } from "../../conditions/run-program.ts";
import { judge } from "./condition-now.ts";
import { hasGroupRoom } from "./group-room.ts";
import type { JobEntry, JobRules } from "./state.ts";
import { instancesOf, type Step } from "./step.ts";

/** What the place of a due run depends on. */
export interface PlaceFacts {
  /** `false` if the job has a condition that does not hold, and the run does not ignore it. */
  readonly isConditionTrue: boolean;
  /** The job's instances. */
  readonly running: number;
  /** Its queued runs. */
  readonly queued: number;
  readonly hasGroupRoom: boolean;
}

/**
 * Where a due run goes. `start`: it begins. `queue`: it waits. `replace`: it waits in place of the runs that were queued.
 * `condition`: none, because the condition is false and the run does not wait for it. `full`: none, by the job's overlap rule.
 */
export type PlaceName = "start" | "queue" | "replace" | "condition" | "full";

/**
 * Where a due run goes: first the condition is asked, then `maxInstances` with the overlap rule, then the group. Runs that
 * others can hold up (by a condition that they wait for, or by a group) count as instances while they are queued.
 */
export function placeByRules(rules: JobRules, facts: PlaceFacts): PlaceName {
  const waits = !facts.isConditionTrue && rules.waitMs !== null;
  if (!facts.isConditionTrue && !waits) return "condition";
  const counted = facts.running + (isHeldUp(rules) ? facts.queued : 0);
  if (counted >= rules.maxInstances) {
    if (rules.overlap === "skip") return "full";
    if (rules.overlap !== "queue-all") return "replace";
    return facts.queued >= rules.maxCatchUp ? "full" : "queue";
  }
  return waits || facts.queued > 0 || !facts.hasGroupRoom ? "queue" : "start";
}

/** Whether others can hold up the job's runs, so that its queued runs count as instances. */
export function isHeldUp(rules: Pick<JobRules, "waitMs" | "group">): boolean {
  return rules.waitMs !== null || rules.group !== null;
}

/** The place of a due run. */
export interface Place {
  readonly name: PlaceName;
  /** How many more the queue takes, where it is bounded. */
  readonly room?: number;
  /** What a false condition asked. */
  readonly facts?: NamedFacts;
  /** Until when the run waits for its condition. */
  readonly waitUntil: EpochMs | null;
}

/** The place of a run of this job that is due now. */
export function placeOf(step: Step, job: JobEntry, ignoresCondition: boolean): Place {
  const { rules } = job;
  const judged =
    rules.condition && !ignoresCondition ? judge(step, rules.condition, rules.sees) : undefined;
  const isConditionTrue = judged?.isTrue ?? true;
  const queued = queuedOf(rules, job.queued);
  const running = instancesOf(step, job.id);
  const name = placeByRules(rules, {
    isConditionTrue,
    running,
    queued,
    hasGroupRoom: hasGroupRoom(step, rules),
  });
  if (name === "condition" && judged) return { name, facts: judged.facts, waitUntil: null };
  const waitUntil = isConditionTrue || rules.waitMs === null ? null : step.now + rules.waitMs;
  const room = name === "queue" ? roomInQueue(rules, running, queued) : undefined;
  return { name, waitUntil, ...(room === undefined ? {} : { room }) };
}

/** A job's queued runs as {@link PlaceFacts}. Where the queue is not used, those in it are about to be looked at. */
export function queuedOf(
  rules: Pick<JobRules, "waitMs" | "group" | "overlap">,
  queued: { readonly length: number },
): number {
  return isHeldUp(rules) || rules.overlap !== "skip" ? queued.length : 0;
}

/** How many more runs the queue takes of a job that has no instance left; `undefined`: any number. */
export function roomInQueue(rules: JobRules, running: number, queued: number): number | undefined {
  const isFull = running + (isHeldUp(rules) ? queued : 0) >= rules.maxInstances;
  return isFull && rules.overlap === "queue-all" ? rules.maxCatchUp - queued : undefined;
}

/** How a run is refused that finds no place. */
export interface Refusal {
  readonly event: "JOB_SKIPPED" | "JOB_MAX_INSTANCES";
  readonly reason: SkipReason;
  readonly facts: NamedFacts | undefined;
}

/** The refusal of a run whose place is `condition` or `full`. */
export function refusalOf(place: Pick<Place, "name" | "facts">): Refusal {
  return place.name === "condition"
    ? { event: "JOB_SKIPPED", reason: "condition", facts: place.facts }
    : { event: "JOB_MAX_INSTANCES", reason: "max-instances", facts: undefined };
}
