// What can happen, as data: its effect on the real fleet, and every possible course in the model.
import fc from "fast-check";
import { CronduitError } from "../../src/core/errors.ts";
import { queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import type { ModelFleet, Held } from "./fleet.ts";
import { type Declared, manualRun, type Model, type Rules } from "./model.ts";
import type { Names, Seen } from "./observe.ts";
import { type Timetable, triggerOptions } from "./timetable.ts";

type JobName = "a" | "b";

/** A timetable, relative to the time when it is declared. */
type Plan =
  | {
      readonly kind: "every";
      readonly everyMs: number;
      readonly startInMs: number;
      readonly endInMs: number | null;
    }
  | { readonly kind: "once"; readonly inMs: number };

/** A step. `pick` chooses among what exists. */
export type Step =
  | {
      readonly do: "add";
      readonly job: JobName;
      readonly plan: Plan;
      readonly rules: Rules;
      readonly isPaused: boolean;
      readonly replaceExisting: boolean;
    }
  | { readonly do: "addAgain"; readonly job: JobName; readonly rules: Partial<Rules> }
  | { readonly do: "modify"; readonly job: JobName; readonly rules: Partial<Rules> }
  | { readonly do: "reschedule"; readonly job: JobName; readonly plan: Plan }
  | { readonly do: "pause"; readonly job: JobName; readonly reason?: string | undefined }
  | { readonly do: "resume" | "remove" | "runNow"; readonly job: JobName }
  | { readonly do: "fire" | "take" | "takeEarly"; readonly pick: number; readonly worker: number }
  | { readonly do: "finish"; readonly pick: number; readonly isGood: boolean }
  | { readonly do: "crash"; readonly pick: number; readonly isDead: boolean }
  | { readonly do: "handBack"; readonly pick: number }
  | { readonly do: "pass" | "stepServer"; readonly seconds: number }
  | { readonly do: "lose"; readonly pick: number }
  | { readonly do: "untilDue" | "heal" };

/** A step in its place. */
export interface Act {
  /** Does it; the answer is compared with the model's. */
  real(): Promise<string>;
  readonly ways: readonly Way[];
}

/**
 * A way in which an act may go: the answer, or what is left of it if others may come between, or nothing if it is out of
 * the question.
 */
export type Way = (model: Model) => string | Way | undefined;

/** Where a step happens. */
export interface Scene {
  readonly fleet: ModelFleet;
  readonly model: Model;
  readonly seen: Seen;
  readonly names: Names;
  /** All that happen at the same time. */
  readonly steps: readonly Step[];
  /** Queue jobs and runs that others of the same time already have. */
  readonly taken: Set<unknown>;
}

/** Puts a step in its place; `undefined` if there is nothing that it could be done to. */
export function place(step: Step, scene: Scene): Act | undefined {
  const { fleet } = scene;
  switch (step.do) {
    case "add": {
      const { plan, rules, isPaused, job, replaceExisting } = step;
      const declared = { timetable: timetableOf(plan, fleet), rules, isPaused };
      return add(job, declared, replaceExisting, fleet);
    }
    case "addAgain": {
      const declared = scene.model.account(step.job).job?.declared;
      if (!declared) return undefined;
      return add(
        step.job,
        { ...declared, rules: { ...declared.rules, ...step.rules } },
        true,
        fleet,
      );
    }
    case "modify":
      return change(
        step.job,
        scene,
        () => fleet.desk.modify(fleet.idOf(step.job), rulesAsWritten(step.rules), "modifyJob"),
        (model) => model.modify(step.job, step.rules),
      );
    case "reschedule": {
      const timetable = timetableOf(step.plan, fleet);
      return change(
        step.job,
        scene,
        () => fleet.desk.modify(fleet.idOf(step.job), triggerOptions(timetable), "rescheduleJob"),
        (model) => model.reschedule(step.job, timetable),
      );
    }
    case "pause":
      return change(
        step.job,
        scene,
        () => fleet.desk.pause(fleet.idOf(step.job), step.reason),
        (model) => model.pause(step.job, step.reason),
      );
    case "resume":
      return change(
        step.job,
        scene,
        () => fleet.desk.resume(fleet.idOf(step.job)),
        (model) => model.resume(step.job),
      );
    case "remove":
      return operate(
        () => fleet.desk.remove(fleet.idOf(step.job)),
        (model) => model.remove(step.job),
      );
    case "runNow":
      return runNow(step.job, fleet);
    case "fire": {
      const [next] = scene.seen.waiting;
      if (!next) return undefined;
      const ms = Math.max(0, next.dueAt - fleet.now);
      const taking = take(next.id, step.worker, scene);
      return {
        real() {
          fleet.pass(ms);
          return taking.real();
        },
        ways: taking.ways.map((way) => (model: Model) => {
          model.now += ms;
          return way(model);
        }),
      };
    }
    case "take":
    case "takeEarly": {
      const isReady = ({ dueAt }: { dueAt: number }): boolean =>
        step.do === "takeEarly" || dueAt <= fleet.now;
      const found = choose(scene.seen.waiting.filter(isReady), step.pick, scene, ({ id }) => id);
      return found && take(found.id, step.worker, scene);
    }
    case "finish": {
      const held = choose(fleet.held, step.pick, scene);
      return held && finish(held, step.isGood, scene);
    }
    case "crash": {
      const held = choose(running(fleet), step.pick, scene);
      return held && silent(() => fleet.loseLock(held, step.isDead));
    }
    case "handBack": {
      const held = choose(running(fleet), step.pick, scene);
      return held && handBack(held, scene);
    }
    case "untilDue": {
      const ms = Math.max(0, (scene.seen.waiting[0]?.dueAt ?? 0) - fleet.now);
      return silent(
        async () => fleet.pass(ms),
        (model) => (model.now += ms),
      );
    }
    case "pass":
      return silent(
        async () => fleet.pass(step.seconds * 1_000),
        (model) => (model.now += step.seconds * 1_000),
      );
    case "stepServer":
      return silent(
        async () => fleet.stepServer(step.seconds * 1_000),
        (model) => (model.now += step.seconds * 1_000),
      );
    case "lose": {
      const found = choose(scene.seen.waiting, step.pick, scene);
      return found && silent(() => fleet.loseQueueJob(found.id));
    }
    case "heal":
      return silent(() => heal(scene));
  }
}

function operate(real: () => Promise<unknown>, way: (model: Model) => string): Act {
  return {
    async real() {
      try {
        await real();
        return "ok";
      } catch (error) {
        if (error instanceof CronduitError) return error.code;
        throw error;
      }
    },
    ways: [way],
  };
}

/** A change that was made, of a job that was removed before the answer, may be answered by that there is none. */
function change(
  job: JobName,
  { steps }: Scene,
  real: () => Promise<unknown>,
  way: (model: Model) => string,
): Act {
  const act = operate(real, way);
  if (!steps.some((other) => other.do === "remove" && other.job === job)) return act;
  const isMissed = (model: Model) => (way(model) === "ok" ? "JOB_NOT_FOUND" : undefined);
  return { ...act, ways: [way, isMissed] };
}

function silent(real: () => Promise<void>, way: (model: Model) => void = () => undefined): Act {
  return operate(real, (model) => {
    way(model);
    return "ok";
  });
}

function add(job: JobName, declared: Declared, replaceExisting: boolean, fleet: ModelFleet): Act {
  const options = {
    id: fleet.idOf(job),
    replaceExisting,
    ...triggerOptions(declared.timetable),
    ...rulesAsWritten(declared.rules),
    ...(declared.isPaused ? { nextRunTime: null } : {}),
    retention: { count: 100_000, age: "3650d" },
  };
  return operate(
    () => fleet.desk.add([{ pipeline: fleet.pipeline, options }]),
    (model) => model.add(job, declared, replaceExisting),
  );
}

function runNow(job: JobName, fleet: ModelFleet): Act {
  const sequence = fleet.unique();
  const jobId = fleet.idOf(job);
  const queueJobId = queueJobIdOf({ jobId, kind: "manual", sequence, fireAt: fleet.now });
  return {
    async real() {
      const answer = await fleet.engine.requests.run({ jobId, sequence });
      return answer === "missing" ? "JOB_NOT_FOUND" : "ok";
    },
    ways: [(model) => model.runNow(job, manualRun(sequence), queueJobId)],
  };
}

function take(queueJobId: string, worker: number, { fleet, names }: Scene): Act {
  const { job, queueJob } = names.queueJob(queueJobId);
  const by = worker % fleet.workers.length;
  const ways: Way[] = [(model) => model.take(job, queueJob, by)];
  const { offMs } = fleet.workers[by] ?? { offMs: 0 };
  // A worker that is behind may leave what became due within the last second to the next wake-up, and sees nothing if its
  // own wake-up is an old one; one that is ahead may put back a wake-up for which nothing is due.
  if (offMs < 0) {
    ways.push((model) =>
      model.take(
        job,
        queueJob,
        by,
        Math.max(model.now - 1_000, Math.min(queueJob.fireAt, model.now)),
      ),
    );
    ways.push((model) => {
      const isOld = queueJob.fireAt <= (model.account(job).job?.watermark ?? 0);
      return isOld ? model.take(job, queueJob, by, queueJob.fireAt) : undefined;
    });
  }
  if (offMs > 0) ways.push((model) => (model.due(job).length === 0 ? "again" : undefined));
  return { real: () => fleet.take(queueJobId, worker), ways };
}

function finish(held: Held, isGood: boolean, { fleet, names }: Scene): Act {
  const { job } = names.queueJob(held.queueJobId);
  return silent(
    () => fleet.finish(held, isGood),
    (model) => {
      const run = names.run(held.runId);
      model.settle(job, { ...held, run }, isGood ? "succeeded" : "failed");
    },
  );
}

function handBack(held: Held, { fleet, names }: Scene): Act {
  const { queueJobId, runId, attempt } = held;
  const { job } = names.queueJob(queueJobId);
  return silent(
    async () => {
      const jobId = fleet.idOf(job);
      await fleet.engine.runs.handBack({ jobId, queueJobId, runId, start: attempt });
      await fleet.loseLock(held, true);
    },
    (model) => model.handBack(job, { queueJobId, run: names.run(runId), attempt }),
  );
}

/** What waits for an instance is called for when one is released: only without any is a lost call missed. */
async function heal({ fleet, model, names }: Scene): Promise<void> {
  await fleet.heal();
  for (const id of fleet.lost) {
    const { job, queueJob } = names.queueJob(id);
    if (queueJob.kind !== "wakeup" || model.account(job).instances.size === 0)
      fleet.lost.delete(id);
  }
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
function timetableOf(plan: Plan, fleet: ModelFleet): Timetable {
  if (plan.kind === "once")
    return { kind: "once", runAt: fleet.now + plan.inMs + (fleet.unique() % 1_000) };
  const base = fleet.now - (fleet.now % 5_000);
  const { everyMs, startInMs, endInMs } = plan;
  return {
    kind: "every",
    everyMs,
    startAt: base + startInMs,
    endAt: endInMs === null ? null : base + endInMs,
  };
}

function rulesAsWritten({ graceMs, ...rules }: Partial<Rules>): Record<string, unknown> {
  if (graceMs === undefined) return rules;
  return { ...rules, misfireGraceTime: graceMs === null ? null : graceMs / 1_000 };
}

// Generators

const job = fc.constantFrom<JobName>("a", "a", "a", "b");
const pick = fc.nat(20);
const worker = fc.nat(20);
const ruleParts = {
  coalesce: fc.boolean(),
  maxInstances: fc.integer({ min: 1, max: 3 }),
  graceMs: fc.constantFrom(null, null, 0, 3_000, 15_000),
  maxCatchUp: fc.constantFrom(1, 2, 5, 40),
};
const rules: fc.Arbitrary<Rules> = fc.record(ruleParts);
const someRules: fc.Arbitrary<Partial<Rules>> = fc.record(ruleParts, { requiredKeys: [] });
const every: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constant("every"),
  everyMs: fc.constantFrom(5_000, 10_000, 15_000),
  startInMs: fc.constantFrom(-20_000, 0, 5_000, 20_000),
  endInMs: fc.constantFrom(null, null, null, 30_000, 60_000),
});
const once: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constant("once"),
  inMs: fc.constantFrom(-30_000, -4_000, 2_000, 17_000, 45_000),
});
const plan = fc.oneof({ weight: 4, arbitrary: every }, { weight: 1, arbitrary: once });

const operations = [
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("pause"),
      job,
      reason: fc.constantFrom(undefined, "for now"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("resume"), job }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("runNow"), job }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("modify"), job, rules: someRules }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reschedule"), job, plan }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("addAgain"), job, rules: someRules }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove"), job }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("add"),
      job,
      plan,
      rules,
      isPaused: fc.constantFrom(false, false, false, true),
      replaceExisting: fc.boolean(),
    }),
  },
] as const;
const work = [
  { weight: 8, arbitrary: fc.record({ do: fc.constant("take"), pick, worker }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("finish"), pick, isGood: fc.boolean() }) },
] as const;

/** Steps that can happen at the same time as others. */
export const concurrentStep = fc.oneof(...work, ...operations) as fc.Arbitrary<Step>;

/** Any step. */
export const step = fc.oneof(
  ...work,
  ...operations,
  { weight: 8, arbitrary: fc.record({ do: fc.constant("fire"), pick, worker }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("pass"),
      seconds: fc.constantFrom(1, 4, 11, 26, 60, 400),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("takeEarly"), pick, worker }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("crash"), pick, isDead: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("handBack"), pick }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("stepServer"),
      seconds: fc.constantFrom(-12, -6, -2, 2, 6, 12),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose"), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("heal") }) },
) as fc.Arbitrary<Step>;

/** A first job. */
export const firstStep = fc.record({
  do: fc.constant("add"),
  job: fc.constant("a"),
  plan: every,
  rules,
  isPaused: fc.constant(false),
  replaceExisting: fc.constant(false),
}) as fc.Arbitrary<Step>;
