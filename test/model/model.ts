// The semantics of docs/semantics.md, as simply as they can be put: plain data, one occurrence at a time, nobody else
// there. Written from the documents and not from the engines; shares no code with them.
import { isDeepStrictEqual } from "node:util";
import type { EventName } from "../../src/jobs/event.ts";
import type { QueueJobKind } from "../../src/jobs/occurrence-id.ts";
import type { RunKind } from "../../src/jobs/ledger-row.ts";
import type { OpenState, SkipReason, Verdict } from "../../src/jobs/verdict.ts";
import { fires, firstAfter, type Timetable } from "./timetable.ts";

/** A run fails after this many starts that died with their process. */
export const MAX_CRASHES = 3;

/** The rules of a job. */
export interface Rules {
  readonly coalesce: boolean;
  readonly maxInstances: number;
  readonly graceMs: number | null;
  readonly maxCatchUp: number;
}

/** A declaration by `addJob`. */
export interface Declared {
  readonly timetable: Timetable;
  readonly rules: Rules;
  /** `nextRunTime: null` */
  readonly isPaused: boolean;
}

interface Job {
  state: "active" | "paused" | "finished";
  /** Its schedule is over, and not all of its runs are. */
  isEnding: boolean;
  declared: Declared;
  timetable: Timetable;
  rules: Rules;
  /** Which of the schedules that jobs of this id have had. */
  schedule: number;
  /** All up to this fire time is decided. */
  watermark: number;
  pausedReason: string | null;
  counts: Partial<Record<Verdict, number>>;
  lastRun: { run: string; verdict: Verdict } | null;
}

/** A run that was admitted and has not ended. `run` is its name: {@link scheduledRun} or {@link manualRun}. */
interface Instance {
  readonly run: string;
  readonly kind: "scheduled" | "manual";
  readonly fireAt: number;
  startedAt: number;
  attempt: number;
  /** The attempts whose workers have been silent since they lost the run. */
  readonly crashed: Set<number>;
  isHandedBack: boolean;
  worker: number;
}

/** The verdict on one occurrence. `at`: when its last attempt began, or when it was decided that there is none. */
export interface Decision {
  readonly run: string;
  readonly fireAt: number;
  readonly kind: RunKind;
  readonly verdict: Verdict;
  readonly at: number;
  readonly reason?: SkipReason;
  readonly into?: string;
  readonly attempt?: number;
}

/** An event; one that covers several occurrences counts once for each. */
export interface Told {
  readonly name: EventName;
  readonly job: string;
  readonly run?: string;
  readonly fireAt?: number;
  readonly attempt?: number;
  readonly reason?: string;
}

/** A queue job that a worker takes. `id` only names it. */
export interface ModelQueueJob {
  readonly id: string;
  readonly kind: QueueJobKind;
  /** Of an occurrence: its schedule. */
  readonly schedule: number;
  readonly fireAt: number;
}

/** An attempt of a run. When it has lost its run, its queue job may hold another. */
export interface Attempt {
  readonly queueJobId: string;
  readonly run: string;
  readonly attempt: number;
}

/** What comes of taking a queue job. `again`: it is put back until its time. */
export type Taking = "runs" | "nothing" | "again";

interface Claimed {
  readonly run: string;
  readonly fireAt: number;
}

/** All that there is of one job id; the ledger and the running runs outlive the job. */
export interface Account {
  job: Job | undefined;
  readonly schedules: Timetable[];
  /** By the queue job that holds them. */
  readonly instances: Map<string, Instance>;
  pending: Claimed[];
  /** Manual runs that no worker has taken, by their queue jobs. */
  readonly asked: Map<string, Claimed>;
  /** By run: each has one verdict. */
  readonly ledger: Map<string, Decision>;
}

/** Names a scheduled run. */
export function scheduledRun(schedule: number, fireAt: number): string {
  return `#${schedule}@${fireAt}`;
}

/** Names a manual run. */
export function manualRun(sequence: number): string {
  return `manual ${sequence}`;
}

/** A few jobs by the semantics. Operations answer "ok" or the error's code. */
export class Model {
  now: number;
  readonly #accounts: Map<string, Account>;
  /** The events since {@link hear}. */
  #told: Told[] = [];

  constructor(now: number, accounts: Map<string, Account> = new Map()) {
    this.now = now;
    this.#accounts = accounts;
  }

  copy(): Model {
    const copy = new Model(this.now, structuredClone(this.#accounts));
    copy.#told = [...this.#told];
    return copy;
  }

  isLike(other: Model): boolean {
    return isDeepStrictEqual(this.#accounts, other.#accounts);
  }

  account(id: string): Account {
    const known = this.#accounts.get(id);
    if (known) return known;
    const account: Account = {
      job: undefined,
      schedules: [],
      instances: new Map(),
      pending: [],
      asked: new Map(),
      ledger: new Map(),
    };
    this.#accounts.set(id, account);
    return account;
  }

  /** Takes the events since the last call. */
  hear(): Told[] {
    return this.#told.splice(0);
  }

  // What operators do

  add(id: string, declared: Declared, replaceExisting: boolean): string {
    const account = this.account(id);
    const from = this.#beginning(declared.timetable);
    const { job } = account;
    // Declared again as it was, as at each start of an application, a job may be over.
    if (job && isSame(job.declared, declared)) return "ok";
    if (firstAfter(declared.timetable, from) === undefined) return "INVALID_TRIGGER";
    if (!job) {
      account.job = {
        state: declared.isPaused ? "paused" : "active",
        isEnding: false,
        declared,
        timetable: declared.timetable,
        rules: declared.rules,
        schedule: account.schedules.push(declared.timetable) - 1,
        watermark: from,
        pausedReason: null,
        counts: {},
        lastRun: null,
      };
      this.#tell(id, "JOB_ADDED");
      return "ok";
    }
    if (!replaceExisting) return "CONFLICTING_ID";
    const keepsSchedule = isSame(job.declared.timetable, declared.timetable);
    // A job resumed after it was declared paused stays active, until another schedule is declared paused.
    const isPausing = declared.isPaused && !(keepsSchedule && job.declared.isPaused);
    if (!keepsSchedule) {
      if (isPausing) job.state = "paused";
      this.#setTimetable(id, declared.timetable, from);
    } else if (isPausing && job.state === "active") {
      this.#stop(id);
    }
    if (job.state === "paused") this.#skipQueued(id, "paused");
    job.declared = declared;
    job.rules = declared.rules;
    this.#tell(id, "JOB_MODIFIED");
    this.#tellIfFinished(id);
    return "ok";
  }

  modify(id: string, rules: Partial<Rules>): string {
    const { job } = this.account(id);
    if (!job) return "JOB_NOT_FOUND";
    job.rules = { ...job.rules, ...rules };
    this.#tell(id, "JOB_MODIFIED");
    return "ok";
  }

  reschedule(id: string, timetable: Timetable): string {
    if (!this.account(id).job) return "JOB_NOT_FOUND";
    const from = timetable.kind === "once" ? this.#beginning(timetable) : this.now;
    this.#setTimetable(id, timetable, from);
    this.#tell(id, "JOB_MODIFIED");
    this.#tellIfFinished(id);
    return "ok";
  }

  pause(id: string, reason: string | undefined): string {
    const account = this.account(id);
    const { job } = account;
    if (!job) return "JOB_NOT_FOUND";
    if (job.state === "finished") return "INVALID_STATE";
    this.#stop(id);
    job.pausedReason = reason ?? job.pausedReason;
    this.#skipQueued(id, "paused");
    this.#tell(id, "JOB_PAUSED", reason === undefined ? {} : { reason });
    return "ok";
  }

  resume(id: string): string {
    const account = this.account(id);
    const { job } = account;
    if (!job) return "JOB_NOT_FOUND";
    if (job.state === "active") return "ok";
    if (job.state === "finished") return "INVALID_STATE";
    const from = Math.max(job.watermark, this.now);
    const isOver = firstAfter(job.timetable, from) === undefined;
    if (job.timetable.kind === "once" && isOver) this.#missDue(id);
    else this.#skipDue(id, "paused");
    job.watermark = from;
    job.state = isOver ? "finished" : "active";
    job.isEnding = isOver;
    job.pausedReason = null;
    job.schedule = account.schedules.push(job.timetable) - 1;
    this.#tell(id, "JOB_RESUMED");
    this.#tellIfFinished(id);
    return "ok";
  }

  remove(id: string): string {
    const account = this.account(id);
    const { job } = account;
    if (!job) return "JOB_NOT_FOUND";
    this.#skipDue(id, job.state === "paused" ? "paused" : "removed");
    this.#skipQueued(id, "removed");
    for (const { run, fireAt } of account.asked.values())
      this.#skipManual(id, run, fireAt, "removed", "JOB_SKIPPED");
    account.asked.clear();
    // Executing runs continue; scheduled retries end.
    for (const [queueJobId, held] of account.instances)
      if (held.isHandedBack) this.#end(id, queueJobId, held, "cancelled");
    account.job = undefined;
    this.#tell(id, "JOB_REMOVED");
    return "ok";
  }

  /** `queueJobId` names the queue job that is to take it. */
  runNow(id: string, run: string, queueJobId: string): string {
    const { job, asked } = this.account(id);
    if (!job) return "JOB_NOT_FOUND";
    asked.set(queueJobId, { run, fireAt: this.now });
    return "ok";
  }

  // What workers do

  /**
   * A worker takes a queue job.
   * @param upTo Occurrences due later are left to later queue jobs.
   */
  take(id: string, queueJob: ModelQueueJob, worker: number, upTo: number = this.now): Taking {
    const taking = this.#take(id, queueJob, worker, upTo);
    this.#tellIfFinished(id);
    const held = this.account(id).instances.get(queueJob.id);
    if (held && taking === "runs") held.worker = worker;
    return taking;
  }

  #take(id: string, queueJob: ModelQueueJob, worker: number, upTo: number): Taking {
    const account = this.account(id);
    const { job } = account;
    const held = account.instances.get(queueJob.id);
    if (held) return this.#takeOver(id, queueJob.id, held, worker);
    if (!job) return "nothing";
    if (queueJob.kind === "manual") return this.#takeManual(id, queueJob.id);
    if (job.state === "paused") return "nothing";
    const isCurrent =
      queueJob.kind === "occurrence" &&
      queueJob.schedule === job.schedule &&
      job.state === "active";
    if (isCurrent && queueJob.fireAt > job.watermark && queueJob.fireAt > this.now) return "again";
    const due = isCurrent ? fires(job.timetable, job.watermark, upTo) : [];
    if (due.length === 0) return this.#takeQueued(id, queueJob.id);
    job.watermark = due.at(-1) ?? 0;
    const taking = job.rules.coalesce
      ? this.#decideTogether(id, due, queueJob.id)
      : this.#decideSingly(id, due, queueJob.id);
    if (firstAfter(job.timetable, job.watermark) === undefined) {
      job.state = "finished";
      job.isEnding = true;
    }
    return taking;
  }

  /** An attempt ends. One that lost its run changes nothing. */
  settle(id: string, one: Attempt, verdict: "succeeded" | "failed" | "cancelled"): void {
    const held = this.#heldBy(id, one);
    if (held) this.#end(id, one.queueJobId, held, verdict);
    else this.#noteAlive(id, one);
    this.#tellIfFinished(id);
  }

  /** A worker that stops gives its run back: that is no crash. */
  handBack(id: string, one: Attempt): void {
    const held = this.#heldBy(id, one);
    if (!held) return this.#noteAlive(id, one);
    held.isHandedBack = true;
    const { attempt } = held;
    this.#tell(id, "JOB_RETRYING", { ...named(held), attempt, reason: "handed back" });
  }

  // Observable state

  nextFireAt(id: string): number | null {
    const { job } = this.account(id);
    if (job?.state !== "active") return null;
    return firstAfter(job.timetable, job.watermark) ?? null;
  }

  /** The due, undecided occurrences, whether the job is paused or not. */
  due(id: string): number[] {
    const { job } = this.account(id);
    if (!job || job.state === "finished") return [];
    return fires(job.timetable, job.watermark, this.now);
  }

  /** Runs that have no verdict, with their states. */
  openRuns(id: string): { run: string; state: OpenState }[] {
    const { instances, pending, asked } = this.account(id);
    return [
      ...[...instances.values()].map(({ run, isHandedBack }) => ({
        run,
        state: isHandedBack ? ("retrying" as const) : ("running" as const),
      })),
      ...[...pending, ...asked.values()].map(({ run }) => ({ run, state: "queued" as const })),
    ];
  }

  // The rules

  #heldBy(id: string, { queueJobId, run, attempt }: Attempt): Instance | undefined {
    const held = this.account(id).instances.get(queueJobId);
    return held?.run === run && held.attempt === attempt ? held : undefined;
  }

  /** A worker that comes back after it lost a run did not crash. */
  #noteAlive(id: string, { queueJobId, run, attempt }: Attempt): void {
    const held = this.account(id).instances.get(queueJobId);
    if (held?.run === run) held.crashed.delete(attempt);
  }

  #takeOver(id: string, queueJobId: string, held: Instance, worker: number): Taking {
    if (!this.account(id).job) {
      this.#end(id, queueJobId, held, "cancelled");
      return "nothing";
    }
    const crashes = held.crashed.size + (held.isHandedBack ? 0 : 1);
    // One on its last chance is the only such one that its worker executes.
    if (crashes === MAX_CRASHES - 1 && this.#hasLastChance(worker, held)) return "again";
    if (!held.isHandedBack) held.crashed.add(held.attempt);
    held.isHandedBack = false;
    if (crashes >= MAX_CRASHES) {
      this.#end(id, queueJobId, held, "failed");
      return "nothing";
    }
    held.attempt += 1;
    held.startedAt = this.now;
    this.#tell(id, "JOB_STARTED", { ...named(held), attempt: held.attempt });
    return "runs";
  }

  #hasLastChance(worker: number, except: Instance): boolean {
    return [...this.#accounts.values()].some(({ instances }) =>
      [...instances.values()].some(
        (one) =>
          one !== except &&
          one.worker === worker &&
          one.crashed.size === MAX_CRASHES - 1 &&
          !one.isHandedBack,
      ),
    );
  }

  #takeManual(id: string, queueJobId: string): Taking {
    const { asked } = this.account(id);
    const found = asked.get(queueJobId);
    if (!found) return "nothing";
    asked.delete(queueJobId);
    const { run, fireAt } = found;
    if (!this.#isFull(id)) return this.#start(id, queueJobId, "manual", run, fireAt);
    this.#skipManual(id, run, fireAt, "max-instances", "JOB_MAX_INSTANCES");
    return "nothing";
  }

  #takeQueued(id: string, queueJobId: string): Taking {
    const { pending } = this.account(id);
    while (!this.#isFull(id)) {
      const oldest = pending.shift();
      if (!oldest) break;
      const { run, fireAt } = oldest;
      if (!this.#isLate(id, fireAt)) return this.#start(id, queueJobId, "scheduled", run, fireAt);
      this.#decideAgainst(id, run, fireAt, "missed", "JOB_MISSED");
    }
    return "nothing";
  }

  /** With coalesce the latest occurrence is judged for all. */
  #decideTogether(id: string, due: readonly number[], queueJobId: string): Taking {
    const latest = due.at(-1) ?? 0;
    if (this.#isLate(id, latest)) {
      for (const fireAt of due) this.#miss(id, fireAt);
      return "nothing";
    }
    if (this.#isFull(id)) {
      for (const fireAt of due) this.#skip(id, fireAt, "max-instances", "JOB_MAX_INSTANCES");
      return "nothing";
    }
    const into = this.#nameOf(id, latest);
    for (const fireAt of due.slice(0, -1))
      this.#decideAgainst(id, this.#nameOf(id, fireAt), fireAt, "coalesced", "JOB_COALESCED", {
        into,
      });
    return this.#start(id, queueJobId, "scheduled", into, latest);
  }

  /** Without it each is judged alone, and waits if no instance is free. */
  #decideSingly(id: string, due: readonly number[], queueJobId: string): Taking {
    const { job, pending } = this.account(id);
    const tooMany = due.length - (job?.rules.maxCatchUp ?? 0);
    const isMissed = (fireAt: number, i: number): boolean =>
      i < tooMany || this.#isLate(id, fireAt);
    const runnable = due.filter((fireAt, i) => !isMissed(fireAt, i));
    for (const fireAt of due.filter(isMissed)) this.#miss(id, fireAt);
    if (runnable.length > 0 && this.#isFull(id)) {
      for (const fireAt of runnable) this.#skip(id, fireAt, "max-instances", "JOB_MAX_INSTANCES");
      return "nothing";
    }
    for (const fireAt of runnable) pending.push({ run: this.#nameOf(id, fireAt), fireAt });
    pending.sort((a, b) => a.fireAt - b.fireAt);
    return this.#takeQueued(id, queueJobId);
  }

  #isLate(id: string, fireAt: number): boolean {
    const graceMs = this.account(id).job?.rules.graceMs ?? null;
    return graceMs !== null && this.now - fireAt > graceMs;
  }

  #isFull(id: string): boolean {
    const { job, instances } = this.account(id);
    return instances.size >= (job?.rules.maxInstances ?? 0);
  }

  /** What happened before a job existed is none of its occurrences, except a single date in the past. */
  #beginning(timetable: Timetable): number {
    const first = timetable.kind === "once" ? timetable.runAt : this.now;
    return Math.min(first, this.now) - 1;
  }

  /** Due occurrences of the old schedule are skipped. A decided fire time stays decided, whatever the clock says. */
  /** Nothing is due any more; due occurrences are skipped. */
  #stop(id: string): void {
    const account = this.account(id);
    const { job } = account;
    if (!job) return;
    if (job.state === "active") {
      this.#skipDue(id, "paused");
      job.watermark = Math.max(job.watermark, this.now);
    }
    job.state = "paused";
    job.schedule = account.schedules.push(job.timetable) - 1;
  }

  #setTimetable(id: string, timetable: Timetable, from: number): void {
    const account = this.account(id);
    const { job } = account;
    if (!job) return;
    this.#skipDue(id, job.state === "paused" ? "paused" : "rescheduled");
    job.watermark = timetable.kind === "once" ? from : Math.max(from, job.watermark);
    job.timetable = timetable;
    job.schedule = account.schedules.push(timetable) - 1;
    const isOver = firstAfter(timetable, job.watermark) === undefined;
    if (job.state !== "paused") job.state = isOver ? "finished" : "active";
    job.isEnding = job.state === "finished";
  }

  // Writing it down

  #start(
    id: string,
    queueJobId: string,
    kind: Instance["kind"],
    run: string,
    fireAt: number,
  ): Taking {
    const attempt = 1;
    const crashed = new Set<number>();
    const more = { startedAt: this.now, attempt, crashed, isHandedBack: false, worker: -1 };
    this.account(id).instances.set(queueJobId, { run, kind, fireAt, ...more });
    this.#tell(id, "JOB_SUBMITTED", { run, fireAt });
    this.#tell(id, "JOB_STARTED", { run, fireAt, attempt });
    return "runs";
  }

  #end(
    id: string,
    queueJobId: string,
    held: Instance,
    verdict: "succeeded" | "failed" | "cancelled",
  ) {
    const { instances, job } = this.account(id);
    const { run, fireAt, kind, attempt, startedAt } = held;
    instances.delete(queueJobId);
    this.#record(id, { run, fireAt, kind, verdict, attempt, at: startedAt });
    if (job) job.lastRun = { run, verdict };
    this.#count(id, verdict);
    const name = {
      succeeded: "JOB_EXECUTED",
      failed: "JOB_ERROR",
      cancelled: "JOB_CANCELLED",
    } as const;
    this.#tell(id, name[verdict], { run, fireAt, attempt });
  }

  #skipDue(id: string, reason: SkipReason): void {
    for (const fireAt of this.due(id)) this.#skip(id, fireAt, reason, "JOB_SKIPPED");
  }

  #missDue(id: string): void {
    for (const fireAt of this.due(id)) this.#miss(id, fireAt);
  }

  #skipQueued(id: string, reason: SkipReason): void {
    for (const { run, fireAt } of this.account(id).pending.splice(0))
      this.#decideAgainst(id, run, fireAt, "skipped", "JOB_SKIPPED", { reason });
  }

  #skip(id: string, fireAt: number, reason: SkipReason, name: EventName): void {
    this.#decideAgainst(id, this.#nameOf(id, fireAt), fireAt, "skipped", name, { reason });
  }

  #miss(id: string, fireAt: number): void {
    this.#decideAgainst(id, this.#nameOf(id, fireAt), fireAt, "missed", "JOB_MISSED");
  }

  #nameOf(id: string, fireAt: number): string {
    return scheduledRun(this.account(id).job?.schedule ?? 0, fireAt);
  }

  #decideAgainst(
    id: string,
    run: string,
    fireAt: number,
    verdict: Verdict,
    name: EventName,
    more: { reason?: SkipReason; into?: string } = {},
  ): void {
    this.#record(id, { run, fireAt, kind: "scheduled", verdict, at: this.now, ...more });
    this.#count(id, verdict);
    const { into, ...reason } = more;
    this.#tell(id, name, { run: into ?? run, fireAt, ...reason });
  }

  #skipManual(id: string, run: string, fireAt: number, reason: SkipReason, name: EventName): void {
    this.#record(id, { run, fireAt, kind: "manual", verdict: "skipped", at: this.now, reason });
    this.#count(id, "skipped");
    this.#tell(id, name, { run, fireAt, reason });
  }

  #record(id: string, decision: Decision): void {
    const { ledger } = this.account(id);
    if (ledger.has(decision.run)) throw new Error(`the model decides ${decision.run} twice`);
    ledger.set(decision.run, decision);
  }

  #count(id: string, verdict: Verdict): void {
    const { job } = this.account(id);
    if (job) job.counts[verdict] = (job.counts[verdict] ?? 0) + 1;
  }

  /** A job whose schedule is over has finished when nothing of it runs or waits. */
  #tellIfFinished(id: string): void {
    const { job, instances, pending, asked } = this.account(id);
    if (!job?.isEnding || instances.size + pending.length + asked.size > 0) return;
    job.isEnding = false;
    this.#tell(id, "JOB_FINISHED");
  }

  #tell(job: string, name: EventName, more: Omit<Told, "job" | "name"> = {}): void {
    this.#told.push({ name, job, ...more });
  }
}

function named({ run, fireAt }: Instance): { run: string; fireAt: number } {
  return { run, fireAt };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
