// What can happen, as data.
import fc from "fast-check";
import type { RunEnding } from "./fleet.ts";
import type { QUEUES } from "./place.ts";

export type JobName = "a" | "b" | "c";
/** `z` is never there. */
type NamedJob = JobName | "z";

/** A timetable, relative to the time when it is declared. */
export type Plan =
  | {
      readonly kind: "every";
      readonly everyMs: number;
      readonly startInMs: number;
      readonly endInMs: number | null;
    }
  | { readonly kind: "once"; readonly inMs: number };

/** A condition on one or two jobs. */
export interface PlannedCondition {
  readonly term: "ok" | "failed" | "running" | "neverRan" | "runs" | "within" | "not" | "either";
  readonly of: NamedJob;
  readonly other: NamedJob;
}

/** Ledgers that keep fewer rows are short. */
export const MANY = 100_000;

/** The rules of a job. */
export interface Rules {
  readonly coalesce: boolean;
  readonly maxInstances: number;
  readonly graceMs: number | null;
  readonly maxCatchUp: number;
  readonly overlap?: "skip" | "queue-one" | "queue-all" | "cancel-running";
  readonly when?: PlannedCondition | null;
  /** In seconds; 0: not at all. */
  readonly waitS?: number;
  readonly group?: { readonly key: "g" | "h"; readonly limit: number } | null;
  /** Attempts, and seconds between them. */
  readonly retry?: { readonly attempts: number; readonly delay: number } | null;
  readonly pauseAfter?: number | null;
  readonly keep?: number;
}

/** A step. `pick` chooses among what exists. */
export type Step =
  | {
      readonly do: "add";
      readonly job: JobName;
      readonly plan: Plan;
      readonly rules: Rules;
      readonly isPaused: boolean;
      readonly replaceExisting: boolean;
      readonly queue?: (typeof QUEUES)[number];
    }
  | { readonly do: "addAgain"; readonly job: JobName; readonly rules: Partial<Rules> }
  | { readonly do: "modify"; readonly job: JobName; readonly rules: Partial<Rules> }
  | { readonly do: "reschedule"; readonly job: JobName; readonly plan: Plan }
  | {
      readonly do: "pause";
      readonly job: JobName;
      readonly reason?: string | undefined;
      /** In so many seconds. */
      readonly untilS?: number | undefined;
    }
  | {
      readonly do: "resume";
      readonly job: JobName;
      readonly missed?: "skip" | "latest" | "all" | undefined;
    }
  | { readonly do: "remove"; readonly job: JobName }
  /** Of the fire times around now, counted from the last one that has passed. */
  | {
      readonly do: "skip";
      readonly job: JobName;
      readonly which: number;
      readonly isUndone: boolean;
    }
  | {
      readonly do: "runNow";
      readonly job: JobName;
      readonly params?: boolean;
      readonly ignoreCondition?: boolean;
    }
  | { readonly do: "cancel"; readonly pick: number }
  | {
      readonly do: "backfill";
      readonly job: JobName;
      readonly sinceS: number;
      readonly concurrency: number;
      readonly order: "oldest" | "latest";
    }
  | {
      readonly do: "changeBackfill";
      readonly job: JobName;
      readonly change: "pause" | "resume" | "cancel";
    }
  | { readonly do: "watch"; readonly worker: number }
  | { readonly do: "fire" | "take" | "takeEarly"; readonly pick: number; readonly worker: number }
  | { readonly do: "finish"; readonly pick: number; readonly how: RunEnding }
  | {
      readonly do: "crash";
      readonly pick: number;
      readonly isDead: boolean;
      readonly isTold?: boolean;
    }
  | { readonly do: "handBack"; readonly pick: number }
  | { readonly do: "pass" | "stepServer"; readonly seconds: number }
  | { readonly do: "lose"; readonly pick: number }
  | { readonly do: "untilDue" | "heal" };

const job = fc.constantFrom<JobName>("a", "a", "a", "b", "b", "c");
const pick = fc.nat(20);
const worker = fc.nat(20);

const condition: fc.Arbitrary<PlannedCondition> = fc.record({
  term: fc.constantFrom("ok", "failed", "running", "neverRan", "runs", "within", "not", "either"),
  of: fc.constantFrom<NamedJob>("a", "b", "b", "c", "z"),
  other: fc.constantFrom<NamedJob>("a", "b", "z"),
});
const group = fc.record({
  key: fc.constantFrom("g", "g", "h"),
  limit: fc.integer({ min: 1, max: 2 }),
});
const retry = fc.record({
  attempts: fc.integer({ min: 2, max: 3 }),
  delay: fc.constantFrom(1, 4, 20),
});
/** Mostly nothing. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

const ruleParts = {
  coalesce: fc.boolean(),
  maxInstances: fc.integer({ min: 1, max: 3 }),
  graceMs: fc.constantFrom(null, null, 0, 3_000, 15_000),
  maxCatchUp: fc.constantFrom(1, 2, 5, 40),
  overlap: fc.constantFrom("skip", "skip", "queue-one", "queue-all", "cancel-running"),
  when: fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: condition }),
  waitS: fc.constantFrom(0, 4, 15, 60),
  group: seldom(group),
  retry: seldom(retry),
  pauseAfter: fc.constantFrom(null, null, null, 1, 2),
  keep: fc.constantFrom(MANY, MANY, 1, 3),
} as const;
const rules = fc.record(ruleParts) as fc.Arbitrary<Rules>;
const someRules = fc.record(ruleParts, { requiredKeys: [] }) as fc.Arbitrary<Partial<Rules>>;

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

const add = fc.record({
  do: fc.constant("add"),
  job,
  plan,
  rules,
  isPaused: fc.constantFrom(false, false, false, true),
  replaceExisting: fc.boolean(),
  queue: fc.constantFrom("default", "default", "other"),
});
const operations = [
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("pause"),
      job,
      reason: fc.constantFrom(undefined, "for now"),
      untilS: fc.constantFrom(undefined, undefined, 5, 20, 60),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("resume"),
      job,
      missed: fc.constantFrom(undefined, "skip", "latest", "all"),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("skip"),
      job,
      which: fc.integer({ min: -1, max: 4 }),
      isUndone: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("runNow"),
      job,
      params: fc.boolean(),
      ignoreCondition: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("cancel"), pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("modify"), job, rules: someRules }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reschedule"), job, plan }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("addAgain"), job, rules: someRules }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove"), job }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("backfill"),
      job,
      sinceS: fc.constantFrom(10, 30, 120),
      concurrency: fc.integer({ min: 1, max: 3 }),
      order: fc.constantFrom("oldest", "latest"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("changeBackfill"),
      job,
      change: fc.constantFrom("pause", "resume", "resume", "cancel"),
    }),
  },
  { weight: 4, arbitrary: add },
] as const;
const how = fc.constantFrom<RunEnding>("well", "well", "well", "badly", "badly", "asleep");
const work = [
  { weight: 12, arbitrary: fc.record({ do: fc.constant("take"), pick, worker }) },
  { weight: 7, arbitrary: fc.record({ do: fc.constant("finish"), pick, how }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("watch"), worker }) },
] as const;

/** Steps that can happen at the same time as others. */
export const concurrentStep = fc.oneof(...work, ...operations) as fc.Arbitrary<Step>;

/** Any step. */
export const step = fc.oneof(
  ...work,
  ...operations,
  { weight: 10, arbitrary: fc.record({ do: fc.constant("fire"), pick, worker }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("pass"),
      seconds: fc.constantFrom(1, 4, 11, 26, 60, 400),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("takeEarly"), pick, worker }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("crash"),
      pick,
      isDead: fc.boolean(),
      isTold: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("handBack"), pick }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("stepServer"),
      seconds: fc.constantFrom(-12, -6, -2, 2, 6, 12),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose"), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("heal") }) },
) as fc.Arbitrary<Step>;

/** A first job. */
export const firstStep = fc.record({
  do: fc.constant("add"),
  job: fc.constant("a"),
  plan: every,
  rules,
  isPaused: fc.constant(false),
  replaceExisting: fc.constant(false),
  queue: fc.constant("default"),
}) as fc.Arbitrary<Step>;
