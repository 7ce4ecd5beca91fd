// A step in its place: what it does to a real fleet.
import { TESTER } from "../helpers/tester.ts";
import { CronduitError } from "../../src/core/errors.ts";
import { Schedule } from "../../src/jobs/schedule.ts";
import { skipOccurrence, unskipOccurrence } from "../../src/scheduler/skip-occurrence.ts";
import type { Held, ModelFleet } from "./fleet.ts";
import type { View } from "./observe.ts";
import type { Waiting } from "./place.ts";
import {
  type JobName,
  MANY,
  type Plan,
  type PlannedCondition,
  type Rules,
  type Step,
} from "./step.ts";

/** What a step does; it is over when the promise is resolved. */
export type Act = () => Promise<void>;

/** Where a step happens. */
export interface Scene {
  readonly fleet: ModelFleet;
  readonly view: View;
  /** Queue jobs and runs that others of the same time already have. */
  readonly taken: Set<unknown>;
}

interface Found extends Waiting {
  readonly queue: string;
}

/** Puts a step in its place; `undefined` if there is nothing that it could be done to. */
export function place(step: Step, scene: Scene): Act | undefined {
  const { fleet } = scene;
  const act = isLeftOut(step, fleet) ? undefined : actOf(step, scene);
  return (
    act &&
    (async () => {
      try {
        await act();
      } catch (error) {
        // What the engine answered is compared; how it is put to users is not.
        if (!(error instanceof CronduitError) || error.code === "INTERNAL") throw error;
      }
      if (step.do === "remove") fleet.declared.delete(step.job);
    })
  );
}

/**
 * Redis wakes one job of a group at a time, and feeds a backfill that waits in the line later than the others do. Of two rows
 * of one fire time, a short ledger there may keep the earlier: a backfill is not known any more. So there, a job has a group or a
 * short ledger, or it has backfills.
 */
function isLeftOut(
  step: Step,
  { place: { isLoose = false }, grouped, cut, backfilled }: ModelFleet,
): boolean {
  if (!isLoose || !("job" in step)) return false;
  const { job } = step;
  if (step.do === "backfill") {
    if (grouped.has(job) || cut.has(job)) return true;
    backfilled.add(job);
  }
  if (!("rules" in step)) return false;
  const { group, keep = MANY } = step.rules;
  if ((group || keep < MANY) && backfilled.has(job)) return true;
  if (group) grouped.add(job);
  if (keep < MANY) cut.add(job);
  return false;
}

function actOf(step: Step, scene: Scene): (() => Promise<unknown> | void) | undefined {
  const { fleet } = scene;
  const { desk, engine, backfills } = fleet;
  switch (step.do) {
    case "add": {
      const { plan, rules, isPaused, job, replaceExisting, queue } = step;
      const options = {
        ...triggerOptions(plan, fleet),
        ...rulesAsWritten(rules, fleet),
        ...(isPaused ? { nextRunTime: null } : {}),
        ...(queue === undefined ? {} : { queue }),
      };
      return () => add(fleet, job, options, replaceExisting);
    }
    case "addAgain": {
      const declared = fleet.declared.get(step.job);
      const options = { ...declared, ...rulesAsWritten(step.rules, fleet) };
      return declared && (() => add(fleet, step.job, options, true));
    }
    case "modify":
      return () =>
        desk.modify(fleet.idOf(step.job), rulesAsWritten(step.rules, fleet), "modifyJob");
    case "reschedule": {
      const options = triggerOptions(step.plan, fleet);
      return () => desk.modify(fleet.idOf(step.job), options, "rescheduleJob");
    }
    case "pause":
      return () => {
        const { reason, untilS } = step;
        const until = untilS === undefined ? {} : { until: new Date(fleet.now + untilS * 1_000) };
        return desk.pause(fleet.idOf(step.job), { reason, ...until });
      };
    case "resume":
      return () => desk.resume(fleet.idOf(step.job), { missed: step.missed });
    case "skip":
      return () => skip(fleet, step);
    case "remove":
      return () => desk.remove(fleet.idOf(step.job));
    case "runNow": {
      const { params = false, ignoreCondition = false } = step;
      const sequence = fleet.unique();
      const given = params ? { n: sequence } : undefined;
      const jobId = fleet.idOf(step.job);
      return () =>
        engine.requests.run({ by: TESTER, jobId, sequence, params: given, ignoreCondition });
    }
    case "cancel": {
      const run = choose(runsOf(scene), step.pick, scene);
      return run && (() => engine.requests.cancel({ by: TESTER, ...run, reason: "for a test" }));
    }
    case "backfill": {
      const { sinceS, concurrency, order } = step;
      const from = new Date(fleet.now - sinceS * 1_000);
      return () => backfills.start(fleet.idOf(step.job), { from, concurrency, order });
    }
    case "changeBackfill":
      return () => backfills.change(fleet.idOf(step.job), step.change);
    case "watch":
      return () => fleet.watch(step.worker);
    case "fire": {
      const [next] = waiting(scene).toSorted((a, b) => a.dueAt - b.dueAt);
      if (!next) return undefined;
      return async () => {
        fleet.pass(Math.max(0, next.dueAt - fleet.now));
        await fleet.take(next.queue, next.id, step.worker);
      };
    }
    case "take":
    case "takeEarly": {
      const isReady = ({ dueAt }: Waiting): boolean =>
        step.do === "takeEarly" || dueAt <= fleet.now;
      const found = choose(waiting(scene).filter(isReady), step.pick, scene, ({ id }) => id);
      return found && (() => fleet.take(found.queue, found.id, step.worker));
    }
    case "finish": {
      const held = choose(fleet.held, step.pick, scene);
      return held && (() => fleet.finish(held, step.how));
    }
    case "crash": {
      const held = choose(running(fleet), step.pick, scene);
      return held && (() => fleet.loseLock(held, step.isDead, step.isTold));
    }
    case "handBack": {
      const held = choose(running(fleet), step.pick, scene);
      return held && (() => fleet.handBack(held));
    }
    case "untilDue": {
      const first = Math.min(...waiting(scene).map(({ dueAt }) => dueAt));
      return () => fleet.pass(Number.isFinite(first) ? Math.max(0, first - fleet.now) : 0);
    }
    case "pass":
      return () => fleet.pass(step.seconds * 1_000);
    case "stepServer":
      return () => fleet.stepServer(step.seconds * 1_000);
    case "lose": {
      const found = choose(waiting(scene), step.pick, scene, ({ id }) => id);
      return found && (() => fleet.loseQueueJob(found.queue, found.id));
    }
    case "heal":
      return () => fleet.heal();
  }
}

async function add(
  fleet: ModelFleet,
  job: JobName,
  options: Record<string, unknown>,
  replaceExisting: boolean,
): Promise<void> {
  fleet.known.add(fleet.idOf(job));
  await fleet.desk.add([
    { pipeline: fleet.pipeline, options: { ...options, id: fleet.idOf(job), replaceExisting } },
  ]);
  fleet.declared.set(job, options);
}

/** Skips one of the fire times around now, or takes that back. */
async function skip(
  fleet: ModelFleet,
  { job, which, isUndone }: Extract<Step, { do: "skip" }>,
): Promise<void> {
  const { engine } = fleet;
  const jobId = fleet.idOf(job);
  const [stored] = await engine.jobs.get([jobId]);
  if (!stored) return;
  const schedule = new Schedule(stored.definition);
  let time = schedule.prev(fleet.now + 1);
  if (which < 0) time = schedule.prev(time);
  for (let n = 0; n < which; n += 1) time = schedule.next(time)?.fireAt ?? time;
  const named = { where: "skip", jobId, time: new Date(time), by: TESTER };
  await (isUndone ? unskipOccurrence(engine, named) : skipOccurrence(engine, named, `no ${which}`));
}

/** In the same order on every engine. */
function waiting({ view }: Scene): Found[] {
  const all = [...view].flatMap(([queue, { waiting: own, wakeups }]) =>
    [...own, ...wakeups].map(({ id, dueAt }) => ({ id, dueAt, queue })),
  );
  return all.toSorted((a, b) => a.dueAt - b.dueAt);
}

/** Runs without a verdict, and one that is over. */
function runsOf({ view }: Scene): { jobId: string; runId: string }[] {
  return [...view.values()].flatMap(({ open, ledgers, waiting: line }) => {
    const rows = [...open.flat(), ...ledgers.flatMap((own) => own.slice(0, 1))];
    const ids = [...rows, ...line].map(({ id }) => id);
    return ids.map((runId) => ({ jobId: runId.slice(0, runId.indexOf(":")), runId }));
  });
}

function running(fleet: ModelFleet): Held[] {
  return fleet.held.filter(({ isLost }) => !isLost);
}

function choose<T>(
  from: readonly T[],
  pick: number,
  { taken }: Scene,
  keyOf: (one: T) => unknown = (one) => one,
): T | undefined {
  const free = from.filter((one) => !taken.has(keyOf(one)));
  const chosen = free[pick % Math.max(1, free.length)];
  if (chosen !== undefined) taken.add(keyOf(chosen));
  return chosen;
}

/** Intervals start on whole five seconds, so that jobs meet; a date is like no other. */
function triggerOptions(plan: Plan, fleet: ModelFleet): Record<string, unknown> {
  if (plan.kind === "once") {
    const runAt = fleet.now + plan.inMs + (fleet.unique() % 1_000);
    return { trigger: "date", runDate: new Date(runAt) };
  }
  const base = fleet.now - (fleet.now % 5_000);
  const { everyMs, startInMs, endInMs } = plan;
  return {
    trigger: "interval",
    milliseconds: everyMs,
    startDate: new Date(base + startInMs),
    ...(endInMs === null ? {} : { endDate: new Date(base + endInMs) }),
  };
}

/** The rules as users write them. */
function rulesAsWritten(rules: Partial<Rules>, fleet: ModelFleet): Record<string, unknown> {
  const { graceMs, when, waitS, group, retry, pauseAfter, keep, ...rest } = rules;
  return {
    ...rest,
    ...(graceMs === undefined
      ? {}
      : { misfireGraceTime: graceMs === null ? null : graceMs / 1_000 }),
    ...(when === undefined
      ? {}
      : {
          condition: when && conditionText(when, fleet),
          conditionPolicy: when && waitS !== undefined && waitS > 0 ? { wait: waitS } : "skip",
        }),
    ...(group === undefined
      ? {}
      : { concurrencyGroup: group && { ...group, key: fleet.idOf(group.key) } }),
    ...(retry === undefined ? {} : { retry: retry && { ...retry, backoff: "fixed" } }),
    ...(pauseAfter === undefined ? {} : { pauseAfterFailures: pauseAfter }),
    ...(keep === undefined ? {} : { retention: { count: keep, age: "3650d" } }),
  };
}

function conditionText({ term, of, other }: PlannedCondition, fleet: ModelFleet): string {
  const [one = "", two = ""] = [of, other].map((job) => JSON.stringify(fleet.idOf(job)));
  switch (term) {
    case "ok":
      return `${one}.last_run_successful`;
    case "failed":
      return `${one}.last_run_failed`;
    case "running":
      return `${one}.running`;
    case "neverRan":
      return `${one}.never_ran`;
    case "runs":
      return `${one}.last_runs_successful(2)`;
    case "within":
      return `${one}.finished_within(20s)`;
    case "not":
      return `not ${one}.running`;
    case "either":
      return `${one}.last_run_successful or ${two}.never_ran`;
  }
}
