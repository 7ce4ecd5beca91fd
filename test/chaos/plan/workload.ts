import type { Edit, JobSpec, Rules, Schedule, Work } from "../history/job-spec.ts";
import { planOperators } from "./operators.ts";
import { PLAIN } from "./plain-rules.ts";
import type { Random } from "./random.ts";

/** An edit, its time, and the client that makes it. */
export interface PlannedEdit {
  /** Ms after the start. */
  readonly atMs: number;
  readonly client: number;
  readonly edit: Edit;
}

const INTERVALS_MS = [500, 700, 1_000, 1_500, 2_000, 3_000, 5_000] as const;
const GRACES_MS = [null, null, 1_000, 1_000, 2_500, 20_000] as const;
const POLITE = ["polite", "polite", "polite", "polite", "polite", "polite"] as const;
const ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata"] as const;
/** All jobs are added within this time. */
const ADDING_MS = 1_500;
const EDIT_EVERY_MS = 600;
const CLIENTS = 2;

function schedule(random: Random, beginAt: number): Schedule {
  if (random.chance(0.6)) {
    // Offset from the full second, so that jobs aren't all due together.
    return {
      kind: "interval",
      everyMs: random.pick(INTERVALS_MS),
      startAt: beginAt + random.int(1, 999),
    };
  }
  const step = random.int(1, 5);
  const seconds = Array.from({ length: 60 }, (_, second) => second).filter(
    (second) => second % step === 0,
  );
  return { kind: "cron", seconds, timezone: random.pick(ZONES) };
}

function work(random: Random): Work {
  if (random.chance(0.15)) return { ms: random.int(20, 200), act: "fail" };
  // Some runs take longer than their interval.
  const ms = random.chance(0.4) ? random.int(800, 3_500) : random.int(5, 300);
  return { ms, act: random.pick(["deaf", "deaf", "flaky", "sleepy", ...POLITE]) };
}

function rules(random: Random): Rules {
  return {
    maxInstances: random.pick([1, 1, 1, 2, 3]),
    coalesce: random.chance(0.65),
    graceMs: random.pick(GRACES_MS),
    overlap: random.pick(["skip", "skip", "skip", "queue-one", "queue-all"]),
    retry: random.chance(0.4)
      ? { attempts: random.int(2, 3), delayMs: random.int(1, 6) * 100 }
      : null,
    // No deaf run of an ordinary job is long enough to be abandoned.
    timeoutMs: random.chance(0.2) ? random.pick([1_500, 2_500]) : null,
  };
}

/** Long, deaf runs: a worker stopped during one wakes up as a zombie and tries to settle. */
function marathon(random: Random, beginAt: number): JobSpec {
  return {
    schedule: { kind: "interval", everyMs: 3_000, startAt: beginAt + random.int(1, 999) },
    rules: { ...PLAIN, maxInstances: random.int(1, 2) },
    work: { ms: 5_500, act: "deaf" },
    rev: 0,
  };
}

/** Jobs that nobody edits, so that every rule is sure to be exercised: interval, rules, work. */
const STEADY: readonly (readonly [string, number, Partial<Rules>, Work])[] = [
  // One that coalesces every catch-up, and one that misses whatever is late.
  ["steady-coalesce", 500, {}, { ms: 20, act: "polite" }],
  ["steady-grace", 500, { graceMs: 1_000 }, { ms: 20, act: "polite" }],
  ["steady-retry", 2_000, { retry: { attempts: 3, delayMs: 300 } }, { ms: 50, act: "flaky" }],
  ["steady-fail", 5_000, { retry: { attempts: 3, delayMs: 200 } }, { ms: 50, act: "fail" }],
  ["steady-timeout", 3_000, { timeoutMs: 500 }, { ms: 20_000, act: "polite" }],
  ["steady-sleep", 4_000, { maxInstances: 2 }, { ms: 50, act: "sleepy" }],
  ["steady-queue-one", 700, { overlap: "queue-one" }, { ms: 1_200, act: "polite" }],
  [
    "steady-queue-all",
    1_500,
    { overlap: "queue-all", coalesce: false },
    { ms: 900, act: "polite" },
  ],
];

/** Makes the edits of one run. */
class Planner {
  readonly #random: Random;
  readonly #beginAt: number;
  readonly edits: PlannedEdit[] = [];
  readonly #phases = new Map<string, "active" | "paused" | "absent">();
  #rev = 0;

  constructor(random: Random, beginAt: number) {
    this.#random = random;
    this.#beginAt = beginAt;
  }

  plan(atMs: number, job: string, change: Edit["change"], client?: number): void {
    const edit: Edit = { id: this.edits.length, job, change };
    this.edits.push({ atMs, client: client ?? this.#random.int(0, CLIENTS - 1), edit });
  }

  #nextRev(): number {
    return (this.#rev += 1);
  }

  spec(): JobSpec {
    const random = this.#random;
    return {
      schedule: schedule(random, this.#beginAt),
      rules: rules(random),
      work: work(random),
      rev: this.#nextRev(),
    };
  }

  /** Another edit of an edited job, chosen to fit its plan so far. */
  edit(atMs: number, job: string): void {
    const random = this.#random;
    const phase = this.#phases.get(job) ?? "active";
    if (phase === "absent") {
      this.plan(atMs, job, { kind: "add", spec: this.spec() });
      this.#phases.set(job, "active");
      return;
    }
    const choice = random.next();
    if (choice < 0.3) {
      const kind = phase === "paused" ? "resume" : "pause";
      this.plan(atMs, job, { kind });
      this.#phases.set(job, kind === "pause" ? "paused" : "active");
    } else if (choice < 0.65) {
      const change = { kind: "modify", rules: rules(random), work: work(random) } as const;
      this.plan(atMs, job, { ...change, rev: this.#nextRev() });
    } else if (choice < 0.88) {
      const change = {
        kind: "reschedule",
        schedule: schedule(random, this.#beginAt),
        work: work(random),
      } as const;
      this.plan(atMs, job, { ...change, rev: this.#nextRev() });
    } else {
      this.plan(atMs, job, { kind: "remove" });
      this.#phases.set(job, "absent");
    }
    if (random.chance(0.2)) this.#race(atMs, job);
  }

  /** Another client edits the same job at the same moment. */
  #race(atMs: number, job: string): void {
    const client = CLIENTS - 1 - (this.edits.at(-1)?.client ?? 0);
    const change = this.#random.chance(0.5)
      ? ({ kind: "pause" } as const)
      : ({ kind: "modify", rules: rules(this.#random), work: work(this.#random) } as const);
    this.plan(
      atMs,
      job,
      change.kind === "pause" ? change : { ...change, rev: this.#nextRev() },
      client,
    );
    if (change.kind === "pause" && this.#phases.get(job) === "active")
      this.#phases.set(job, "paused");
  }
}

/** The jobs of a run and their edits; half of them are left alone. */
export function planWorkload(
  random: Random,
  { beginAt, forMs, jobs }: { beginAt: number; forMs: number; jobs: number },
): PlannedEdit[] {
  const planner = new Planner(random, beginAt);
  const edited: string[] = [];
  for (let i = 0; i < jobs; i += 1) {
    const job = `${i % 2 === 0 ? "calm" : "edited"}-${i}`;
    if (i % 2 === 1) edited.push(job);
    planner.plan(random.int(0, ADDING_MS), job, { kind: "add", spec: planner.spec() });
  }
  for (const job of ["marathon-a", "marathon-b"])
    planner.plan(0, job, { kind: "add", spec: marathon(random, beginAt) });
  for (const [job, everyMs, own, steadyWork] of STEADY) {
    const steady = { kind: "interval", everyMs, startAt: beginAt + 250 } as const;
    const spec = { schedule: steady, rules: { ...PLAIN, ...own }, work: steadyWork, rev: 0 };
    planner.plan(0, job, { kind: "add", spec });
  }
  const dates = Math.max(3, Math.round(forMs / 12_000));
  for (let i = 0; i < dates; i += 1) {
    const atMs = random.int(ADDING_MS, Math.max(ADDING_MS + 1, forMs - 4_000));
    const at = beginAt + atMs + random.int(-500, 4_000);
    const spec: JobSpec = { ...planner.spec(), schedule: { kind: "date", at } };
    planner.plan(atMs, `date-${i}`, { kind: "add", spec });
  }
  for (let atMs = ADDING_MS * 2; atMs < forMs && edited.length > 0;) {
    planner.edit(atMs, edited[random.int(0, edited.length - 1)] ?? "");
    atMs += random.int(EDIT_EVERY_MS / 2, EDIT_EVERY_MS * 1.5);
  }
  planOperators(planner, random, { beginAt, forMs });
  return planner.edits.toSorted((a, b) => a.atMs - b.atMs);
}
