import type { Edit, JobSpec, Rules, Schedule, Work } from "../history/job-spec.ts";
import type { Random } from "./random.ts";

/** An edit, when it is to be made, and by which client. */
export interface PlannedEdit {
  /** Ms after the beginning. */
  readonly atMs: number;
  readonly client: number;
  readonly edit: Edit;
}

const INTERVALS_MS = [500, 700, 1_000, 1_500, 2_000, 3_000, 5_000] as const;
const GRACES_MS = [null, null, 1_000, 1_000, 2_500, 20_000] as const;
const ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata"] as const;
/** All jobs are added in so much time. */
const ADDING_MS = 1_500;
const EDIT_EVERY_MS = 600;
const CLIENTS = 2;

function schedule(random: Random, beginAt: number): Schedule {
  if (random.chance(0.6)) {
    // Off the full second by something, so that jobs are not all due together.
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
  // Some take longer than their interval.
  const ms = random.chance(0.4) ? random.int(800, 3_500) : random.int(5, 300);
  return { ms, act: random.chance(0.3) ? "deaf" : "polite" };
}

function rules(random: Random): Rules {
  return {
    maxInstances: random.pick([1, 1, 1, 2, 3]),
    coalesce: random.chance(0.65),
    graceMs: random.pick(GRACES_MS),
  };
}

/** Long and deaf runs: a worker that is stopped in one of them wakes up as a zombie and tries to settle. */
function marathon(random: Random, beginAt: number): JobSpec {
  return {
    schedule: { kind: "interval", everyMs: 3_000, startAt: beginAt + random.int(1, 999) },
    rules: { maxInstances: random.int(1, 2), coalesce: true, graceMs: null },
    work: { ms: 5_500, act: "deaf" },
    rev: 0,
  };
}

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

  /** One more edit of a job that is edited at all, as its plan so far suggests. */
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

  /** Another client does something to the same job in the same moment. */
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

/** The jobs of a run and what is done to them; half of them are left in peace. */
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
  // One that every catch-up coalesces, and one that misses whatever is in its way.
  for (const [job, graceMs] of [
    ["steady-coalesce", null],
    ["steady-grace", 1_000],
  ] as const) {
    const every = { kind: "interval", everyMs: 500, startAt: beginAt + 250 } as const;
    const spec = {
      schedule: every,
      rules: { maxInstances: 1, coalesce: true, graceMs },
      work: { ms: 20, act: "polite" },
      rev: 0,
    } as const;
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
  return planner.edits.toSorted((a, b) => a.atMs - b.atMs);
}
