import { iso } from "../core/iso.ts";
import { counted } from "../core/counted.ts";
import { jobsIn } from "../conditions/condition.ts";
import {
  describeEvaluation,
  evaluate,
  type EvaluatedTerm,
  type Evaluation,
} from "../conditions/evaluate.ts";
import { END_OF_TIME, type EpochMs } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import type { Engine } from "../engine/port/engine.ts";
import type { StoredJob } from "../jobs/definition.ts";
import type { LedgerRow } from "../jobs/ledger-row.ts";
import { queueOf } from "../jobs/queue.ts";
import { NO_TIME, Schedule } from "../jobs/schedule.ts";
import type { Scope } from "../jobs/scope.ts";
import { reasonOf } from "../core/stored-error.ts";
import type { OpenState, Verdict } from "../jobs/verdict.ts";
import { type Run, toRun } from "./run.ts";
import { askedFor, SKIPPED_BECAUSE } from "./why-of-run.ts";

/** Rows from the requested time on that are read at first: the occurrence's, or that of the span that covers it, is nearly always the first. */
const NEXT_FEW = 3;
/** Rows to examine if it is not among these; any further ones would be manual runs of the same moment. */
const NEIGHBOURS = 100;

/** The result of `explain`. */
export interface Explanation {
  /** The time that was asked for. */
  readonly at: Date;
  /** One or a few plain sentences. */
  readonly text: string;
  /**
   * The verdict or state of the occurrence. `due`: its time has come, but nothing is decided yet. `future`: its time
   * has not come. `none`: the job was not due at that time. `unknown`: no record is left.
   */
  readonly state: Verdict | OpenState | "due" | "future" | "none" | "unknown";
  /** The row in the ledger, if there is one. */
  readonly run: Run | undefined;
  /** If its condition decided: each term with its value, and the fact behind it. */
  readonly terms?: readonly EvaluatedTerm[];
}

function late(row: LedgerRow, beganAt: EpochMs | undefined): string {
  const lateMs = beganAt === undefined ? 0 : beganAt - row.dueAt;
  return lateMs >= 1 ? `, ${formatDuration(lateMs)} late` : "";
}

function subject(row: LedgerRow, at: EpochMs, job: StoredJob | undefined): string {
  if (row.kind === "manual") return `The manual run of ${iso(at)}`;
  // What fell into a pause and runs after all is due when the job is resumed.
  const isSpread = job?.definition.jitter !== null && row.dueAt > row.fireAt;
  const jitter = row.fireAt === at && isSpread ? ` (with jitter ${iso(row.dueAt)})` : "";
  return `The occurrence of ${iso(at)}${jitter}`;
}

/**
 * The condition as it was decided, if the job still has it: the record has only the facts, the job has the condition.
 */
function evaluated(row: LedgerRow, job: StoredJob | undefined): Evaluation | undefined {
  const condition = job?.definition.policy.when?.condition;
  const { facts, decidedAt } = row;
  if (!condition || !facts || decidedAt === undefined) return undefined;
  if (!jobsIn(condition).every((id) => Object.hasOwn(facts, id))) return undefined;
  const evaluation = evaluate(condition, (id) => facts[id] ?? undefined, decidedAt);
  return evaluation.value ? undefined : evaluation;
}

function whySkipped(row: LedgerRow, job: StoredJob | undefined): string {
  if (row.reason === undefined) return "no reason was recorded.";
  if (row.reason === "requested") return `${askedFor(row.by, row.note)}.`;
  if (row.reason !== "condition") return `${SKIPPED_BECAUSE[row.reason]}.`;
  const evaluation = evaluated(row, job);
  return evaluation
    ? describeEvaluation(evaluation).replace(/^The condition is/, "its condition was")
    : "its condition at that time was false.";
}

/** Says in words what happened to the occurrence at `at`. */
function describeRow(row: LedgerRow, at: EpochMs, job: StoredJob | undefined): string {
  const who = subject(row, at, job);
  const together =
    row.count !== undefined && row.count > 1
      ? ` It was decided together with ${row.count - 1} ${row.count === 2 ? "other" : "others"}, from ${iso(row.fromAt ?? row.fireAt)} to ${iso(row.fireAt)}.`
      : "";
  const attempt = (row.attempt ?? 1) > 1 ? ` in attempt ${row.attempt}` : "";
  const took =
    row.startedAt !== undefined && row.finishedAt !== undefined
      ? ` It took ${formatDuration(row.finishedAt - row.startedAt)}.`
      : "";
  switch (row.state) {
    case "succeeded":
      return `${who} ran${attempt} on worker ${row.worker} at ${iso(row.startedAt ?? at)}${late(row, row.startedAt)}, and succeeded.${took}${together}`;
    case "failed":
      return `${who} ran${attempt} on worker ${row.worker} at ${iso(row.startedAt ?? at)}${late(row, row.startedAt)}, and failed: ${row.error ? reasonOf(row.error) : "no error was recorded"}.${took}${together}`;
    case "cancelled":
      return `${who} was cancelled${row.error ? `: ${reasonOf(row.error)}` : ""}.${took}`;
    case "missed": {
      const graceMs = job?.definition.policy.misfireGraceMs ?? null;
      const policy = job?.definition.policy;
      const lateMs = (row.decidedAt ?? row.dueAt) - row.dueAt;
      if (policy && !policy.coalesce && (graceMs === null || lateMs <= graceMs))
        return `${who} was missed: more occurrences were due at the same time than maxCatchUp (${policy.maxCatchUp}) allows.${together}`;
      const rule = graceMs === null ? "" : `; misfireGraceTime is ${formatDuration(graceMs)}`;
      return `${who} was missed: when it could have started, at ${iso(row.decidedAt ?? at)}, it was too late${late(row, row.decidedAt)}${rule}.${together}`;
    }
    case "coalesced":
      return `${who} was merged into the run ${row.coalescedInto}, because several were due at the same time and coalesce is on.${together}`;
    case "skipped":
      return `${who} was skipped at ${iso(row.decidedAt ?? at)}: ${whySkipped(row, job)}${together}`;
    case "queued":
      return row.waitUntil === undefined
        ? `${who} has been claimed and waits for a worker, for an earlier run of the job, or for room in its concurrency group.`
        : `${who} waits for its condition to become true, until ${iso(row.waitUntil)} at the latest.`;
    case "running":
      return `${who} is running${attempt} on worker ${row.worker} since ${iso(row.startedAt ?? at)}.`;
    case "sleeping":
      return `${who} is sleeping, as its pipeline requested, and will continue later.`;
    case "retrying":
      return row.error
        ? `${who} failed in attempt ${row.attempt ?? 1} on worker ${row.worker} and will be retried: ${reasonOf(row.error)}.`
        : `${who} was given back by worker ${row.worker} and waits for its next attempt.`;
  }
}

/** Says what happened to the occurrence of a job at one time, and why. @param scope Whose things are seen. */
export async function explain(
  engine: Pick<Engine, "jobs" | "ledger" | "now">,
  jobId: string,
  at: EpochMs,
  scope: Scope,
): Promise<Explanation> {
  return { at: new Date(at), ...(await explained(engine, jobId, at, scope)) };
}

async function explained(
  engine: Pick<Engine, "jobs" | "ledger" | "now">,
  jobId: string,
  at: EpochMs,
  scope: Scope,
): Promise<Omit<Explanation, "at">> {
  const [[job], open, decided] = await Promise.all([
    engine.jobs.get([jobId]),
    engine.ledger.readOpenRuns(jobId),
    findDecided(engine, jobId, at),
  ]);
  const row = open.find((candidate) => candidate.fireAt === at) ?? decided;
  const schedule = job ? new Schedule(job.definition) : undefined;
  if (row && (row.fireAt === at || standsFor(at, job, schedule))) {
    const terms = row.reason === "condition" ? evaluated(row, job)?.terms : undefined;
    return {
      text: `${describeRow(row, at, job)}${terms && job ? await onOtherQueues(engine, job, row) : ""}`,
      state: row.state,
      run: toRun(row),
      ...(terms ? { terms } : {}),
    };
  }
  if (!job || !schedule) {
    return {
      text: `There is no job "${jobId}" and no record of it at ${iso(at)}.`,
      state: "unknown",
      run: undefined,
    };
  }
  const since = scope === "all" ? undefined : job.handedOver?.at;
  if (since !== undefined && at <= since) {
    return {
      text: `The job was somebody else's at ${iso(at)}; it changed its owner at ${iso(since)}.`,
      state: "unknown",
      run: undefined,
    };
  }
  return { ...withoutRecord(job, schedule, at, await engine.now()), run: undefined };
}

/** The row of the occurrence at `at`, or of the span that it was decided with. */
async function findDecided(
  { ledger }: Pick<Engine, "ledger">,
  jobId: string,
  at: EpochMs,
): Promise<LedgerRow | undefined> {
  for (const limit of [NEXT_FEW, NEIGHBOURS]) {
    const rows = await ledger.read({
      jobId,
      fromAt: at,
      toAt: END_OF_TIME,
      offset: 0,
      limit,
      order: "oldest",
    });
    const found =
      rows.find(({ fireAt }) => fireAt === at) ??
      rows.find(({ fromAt }) => fromAt !== undefined && fromAt <= at);
    if (found || rows.length < limit) return found;
  }
  return undefined;
}

/** Names the jobs that a condition couldn't see because they are on another queue. */
async function onOtherQueues(
  engine: Pick<Engine, "jobs" | "ledger" | "now">,
  job: StoredJob,
  { facts }: LedgerRow,
): Promise<string> {
  const unseen = Object.entries(facts ?? {}).flatMap(([id, seen]) => (seen ? [] : [id]));
  const queue = queueOf(job.definition);
  const named = unseen.length === 0 ? [] : await engine.jobs.get(unseen);
  return named
    .flatMap((other) => (other && queueOf(other.definition) !== queue ? [other.definition] : []))
    .map(
      (other) =>
        ` Job "${other.id}" is on queue "${queueOf(other)}"; a condition sees the jobs of its own queue, "${queue}".`,
    )
    .join("");
}

/** Whether a span that covers `at` includes an occurrence at exactly that time. Earlier schedules are unknown. */
function standsFor(
  at: EpochMs,
  job: StoredJob | undefined,
  schedule: Schedule | undefined,
): boolean {
  if (!job || !schedule || at < job.definition.createdAt) return true;
  return schedule.next(at - 1)?.fireAt === at;
}

function withoutRecord(
  job: StoredJob,
  schedule: Schedule,
  at: EpochMs,
  now: EpochMs,
): Pick<Explanation, "text" | "state"> {
  if (job.definition.trigger.kind === "manual") {
    const text = `The job was not due at ${iso(at)}: it has no schedule and runs ${schedule.trigger.describe()}.`;
    return { text, state: "none" };
  }
  const occurrence = schedule.next(at - 1);
  if (occurrence?.fireAt !== at) {
    const before = schedule.prev(at);
    const around = [
      before > NO_TIME ? `the one before is ${iso(before)}` : undefined,
      occurrence ? `the next is ${iso(occurrence.fireAt)}` : undefined,
    ].filter((part) => part !== undefined);
    const text = `The job was not due at ${iso(at)}: ${schedule.trigger.describe()}${around.length > 0 ? `; ${around.join(", ")}` : ""}.`;
    return { text, state: "none" };
  }
  if (at < job.definition.createdAt) {
    return {
      text: `The job did not exist at ${iso(at)}; it was added at ${iso(job.definition.createdAt)}.`,
      state: "none",
    };
  }
  if (at <= job.watermark) {
    return {
      text: `${iso(at)} was decided, but its record is gone: retention keeps ${counted(job.definition.retention.count, "row")} and ${formatDuration(job.definition.retention.ageMs)}.`,
      state: "unknown",
    };
  }
  const skip = job.skips.find(({ fireAt }) => fireAt === at);
  if (skip) {
    const asked = askedFor(skip.by, skip.reason);
    return {
      text: `The occurrence of ${iso(at)} will be skipped: on ${iso(skip.at)} ${asked}.`,
      state: occurrence.dueAt <= now ? "due" : "future",
    };
  }
  if (job.state === "paused") {
    const since = job.pausedAt === null ? "" : ` since ${iso(job.pausedAt)}`;
    const why = job.pausedReason === null ? "" : ` (${job.pausedReason})`;
    const { pausedUntil: until } = job;
    const end = until === null ? "" : ` until ${iso(until)}`;
    const fate =
      until !== null && at >= until
        ? `its occurrence of ${iso(at)} comes after that`
        : `its occurrence of ${iso(at)} will not run unless the job is resumed before then`;
    return {
      text: `The job is paused${since}${end}${why}: ${fate}.`,
      state: at <= now ? "due" : "future",
    };
  }
  if (occurrence.dueAt > now) {
    return {
      text: `The occurrence of ${iso(at)} has not come yet: it is due in ${formatDuration(occurrence.dueAt - now)}.`,
      state: "future",
    };
  }
  return {
    text: `The occurrence of ${iso(at)} has been due for ${formatDuration(now - occurrence.dueAt)} and no worker has taken it yet.`,
    state: "due",
  };
}
