// A fleet that takes every step by the rules of src/jobs/decide, with nothing left out: what `simulate` is compared with.
import { TESTER } from "../helpers/tester.ts";
import {
  admit,
  emptyState,
  handBack,
  putJobs,
  type QueueJobs,
  type QueueState,
  readCancels,
  settle,
  stepOn,
  suspend,
} from "../../src/jobs/decide.ts";
import { retryDelay } from "../../src/jobs/decide/retry-delay.ts";
import type { JobDefinition } from "../../src/jobs/definition.ts";
import { parseQueueJobId } from "../../src/jobs/occurrence-id.ts";
import type { AdmitRequest } from "../../src/jobs/run-requests.ts";
import { Schedule } from "../../src/jobs/schedule.ts";
import type { FleetEntry } from "../../src/simulate/fleet-input.ts";

/** What the fleet is told of an attempt. */
export interface AttemptPlan {
  readonly lengthMs: number;
  readonly succeeds: boolean;
}

interface Attempt {
  readonly hold: { jobId: string; queueJobId: string; runId: string; start: number };
  readonly fireAt: number;
  readonly failures: number;
  readonly endsAt: number;
  readonly succeeds: boolean;
}

interface Happening {
  readonly at: number;
  readonly rank: number;
  readonly job: number;
  readonly happen: () => void;
}

/** Attempts end first, then runs go on, then wakeups at an instant, then occurrences. */
const RANK = { turn: 0, look: 1, occurrence: 2 };

/** Plays jobs like a server and its workers. */
export class RulesFleet {
  readonly state: QueueState = emptyState();
  /** `job 12:00:00 #1` for every attempt, in the order of their beginnings. */
  readonly began: string[] = [];
  now: number;
  readonly #jobs = new Map<
    string,
    { definition: JobDefinition; schedule: Schedule; index: number }
  >();
  readonly #plan: (jobId: string, fireAt: number, attempt: number) => AttemptPlan;
  readonly #slots: number;
  readonly #delayed = new Map<string, number>();
  readonly #waiting: string[] = [];
  readonly #attempts = new Map<string, Attempt>();
  #takes = 0;
  #isDown = false;

  constructor(
    entries: readonly FleetEntry[],
    parts: {
      readonly now: number;
      readonly slots: number;
      readonly plan: (jobId: string, fireAt: number, attempt: number) => AttemptPlan;
    },
  ) {
    this.now = parts.now;
    this.#slots = parts.slots;
    this.#plan = parts.plan;
    for (const [index, { definition }] of entries.entries())
      this.#jobs.set(definition.id, { definition, schedule: new Schedule(definition), index });
    const puts = entries.map(({ definition, watermark, isPaused }) => ({
      definition,
      watermark,
      state: isPaused ? ("paused" as const) : ("active" as const),
      upcoming: this.#job(definition.id).schedule.ahead(watermark),
      by: TESTER,
    }));
    putJobs(this.#step(), puts);
  }

  /** Plays up to an instant; of what happens at it only the ends of attempts. */
  playTo(until: number): void {
    this.#serve();
    for (;;) {
      const next = this.#next();
      if (!next || next.at > until || (next.at === until && next.rank > RANK.turn)) break;
      this.now = next.at;
      next.happen();
      this.#serve();
    }
    this.now = until;
  }

  /** No worker is there from now until an instant. */
  outage(until: number): void {
    this.#isDown = true;
    const held = [...this.#attempts.values()].toSorted(
      (a, b) => a.fireAt - b.fireAt || this.#indexOf(a.hold.jobId) - this.#indexOf(b.hold.jobId),
    );
    this.#attempts.clear();
    for (const { hold } of held) handBack(this.#step(), hold);
    this.playTo(until);
    this.#waiting.unshift(...held.map(({ hold }) => hold.queueJobId));
    this.#isDown = false;
    this.#serve();
  }

  #next(): Happening | undefined {
    const ends = [...this.#attempts.values()].map((attempt) => ({
      at: attempt.endsAt,
      rank: RANK.turn,
      job: this.#indexOf(attempt.hold.jobId),
      happen: () => this.#end(attempt),
    }));
    const due = [...this.#delayed].map(([id, at]) => ({
      at,
      rank: this.#rankOf(id),
      job: this.#indexOf(parseQueueJobId(id)?.jobId ?? ""),
      happen: () => {
        this.#delayed.delete(id);
        this.#waiting.push(id);
      },
    }));
    const [first, ...others] = [...ends, ...due];
    return others.reduce<Happening | undefined>(
      (best, one) => (best && isBefore(best, one) ? best : one),
      first,
    );
  }

  #serve(): void {
    while (!this.#isDown && this.#attempts.size < this.#slots) {
      const id = this.#waiting.shift();
      if (id === undefined) return;
      this.#take(id);
    }
  }

  #take(queueJobId: string): void {
    const id = parseQueueJobId(queueJobId);
    if (!id || (id.kind !== "occurrence" && id.kind !== "wakeup")) throw new Error(queueJobId);
    const { definition, schedule } = this.#job(id.jobId);
    const job = this.state.jobs.get(id.jobId);
    const knowsSchedule = id.kind === "occurrence";
    const base = job?.watermark ?? 0;
    const due = knowsSchedule
      ? schedule.due(base, this.now, definition.policy.coalesce ? 10 : definition.policy.maxCatchUp)
      : { older: undefined, latest: [] };
    const request: AdmitRequest = {
      queueJobId,
      take: String((this.#takes += 1)),
      jobId: id.jobId,
      kind: id.kind,
      generation: id.sequence,
      revision: job?.revision ?? 0,
      base,
      older: due.older,
      latest: due.latest,
      upcoming: knowsSchedule ? schedule.ahead(due.latest.at(-1)?.fireAt ?? id.fireAt) : [],
      knowsSchedule,
      worker: "worker",
      maxCrashes: 3,
    };
    const admission = admit(this.#step(), request);
    if (admission.outcome === "behind" || admission.outcome === "early")
      throw new Error(`${queueJobId} is ${admission.outcome}`);
    if (admission.outcome === "run") {
      const { run } = admission;
      const plan = this.#plan(id.jobId, run.fireAt, run.attempt);
      this.began.push(`${id.jobId} ${new Date(run.fireAt).toISOString()} #${run.attempt}`);
      this.#attempts.set(queueJobId, {
        hold: { jobId: id.jobId, queueJobId, runId: run.runId, start: run.start },
        fireAt: run.fireAt,
        failures: run.failures,
        endsAt: this.now + plan.lengthMs,
        succeeds: plan.succeeds,
      });
    }
    this.#endCancelled();
  }

  /** Workers hear of cancellations at once here, and pipelines end at once. */
  #endCancelled(): void {
    const holds = [...this.#attempts.values()].map(({ hold }) => hold);
    for (const { queueJobId } of readCancels(this.state, holds)) {
      const attempt = this.#attempts.get(queueJobId);
      if (attempt) this.#settle(attempt, "cancelled");
    }
  }

  #end(attempt: Attempt): void {
    const { retry } = this.#job(attempt.hold.jobId).definition.policy;
    const { hold, failures, succeeds } = attempt;
    if (succeeds || !retry || failures + 1 >= retry.attempts) {
      this.#settle(attempt, succeeds ? "succeeded" : "failed");
      return;
    }
    this.#attempts.delete(hold.queueJobId);
    const inMs = retryDelay(retry, failures + 1, hold.runId);
    const error = { name: "Error", message: "failed" };
    const request = { ...hold, kind: "retry", until: { inMs }, worker: "worker", error } as const;
    const suspension = suspend(this.#step(), request);
    if (suspension.outcome === "suspended")
      this.#delayed.set(hold.queueJobId, this.now + suspension.waitMs);
  }

  #settle({ hold }: Attempt, verdict: "succeeded" | "failed" | "cancelled"): void {
    this.#attempts.delete(hold.queueJobId);
    const run = this.state.running.get(hold.jobId)?.get(hold.queueJobId);
    const { retention } = this.#job(hold.jobId).definition;
    settle(this.#step(), {
      ...hold,
      verdict,
      durationMs: this.now - (run?.startedAt ?? this.now),
      worker: "worker",
      resultJson: undefined,
      error: undefined,
      retention,
    });
  }

  #step() {
    return stepOn(this.state, this.#queue, this.now);
  }

  readonly #queue: QueueJobs = {
    add: (id, _, dueAt) => this.#add(id, dueAt),
    addLast: (id, _, dueAt) => this.#add(id, dueAt),
    drop: (id) => {
      this.#delayed.delete(id);
      const at = this.#waiting.indexOf(id);
      if (at >= 0) this.#waiting.splice(at, 1);
    },
    stateOf: (id) =>
      this.#delayed.has(id)
        ? "delayed"
        : this.#waiting.includes(id)
          ? "waiting"
          : this.#attempts.has(id)
            ? "active"
            : undefined,
    isHeld: () => true,
    end: () => true,
  };

  #add(id: string, dueAt: number): void {
    if (this.#delayed.has(id) || this.#waiting.includes(id) || this.#attempts.has(id)) return;
    if (dueAt > this.now) this.#delayed.set(id, dueAt);
    else this.#waiting.push(id);
  }

  #rankOf(queueJobId: string): number {
    const id = parseQueueJobId(queueJobId);
    if (this.state.running.get(id?.jobId ?? "")?.has(queueJobId)) return RANK.turn;
    return id?.kind === "occurrence" ? RANK.occurrence : RANK.look;
  }

  #indexOf(jobId: string): number {
    return this.#job(jobId).index;
  }

  #job(jobId: string) {
    const job = this.#jobs.get(jobId);
    if (!job) throw new Error(`there is no job ${jobId}`);
    return job;
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.at !== b.at ? a.at < b.at : a.rank !== b.rank ? a.rank < b.rank : a.job <= b.job;
}
