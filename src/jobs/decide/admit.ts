import type { EventName } from "../event.ts";
import type { Admission, AdmitRequest } from "../run-requests.ts";
import { decideSingly, decideTogether, NOTHING, putInPlace } from "./admit-occurrences.ts";
import { type Answer, answerRun } from "./answer.ts";
import { addFireTime, feedBackfill } from "./backfill-times.ts";
import { dueOf } from "./due.ts";
import { skippedFor } from "./line-up.ts";
import { groupsOf, hasGroupRoom, joinLine, leaveLine } from "./group-room.ts";
import { placeOf } from "./place.ts";
import { decidedOf } from "./queued-runs.ts";
import { decideSkips } from "./skips.ts";
import { tellFinished } from "./run-end.ts";
import { startRun } from "./run-start.ts";
import type { JobEntry, QueuedEntry } from "./state.ts";
import type { Step } from "./step.ts";
import { takeOver } from "./takeover.ts";
import { type Look, takeQueued } from "./take-queued.ts";
import { addNext, backfillRunId } from "./upcoming.ts";
import { decideAgainst } from "./verdicts.ts";
import { wakeGroups } from "./wake-groups.ts";
import { acknowledge, wakeDependents, wakeForQueued } from "./wakeups.ts";

/** Decides, for a queue job that a worker took, which run begins now and what becomes of everything that is due. */
export function admit(step: Step, request: AdmitRequest): Admission {
  const { jobId } = request;
  const groups = groupsOf(step, [jobId]);
  if (isTooLate(step, request)) return { outcome: "none", now: step.now };
  const before = step.events.length;
  const answer = admitOne(step, request);
  // Every start and end has an event.
  if (step.events.length > before) wakeDependents(step, [jobId]);
  wakeGroups(step, groups);
  // A job of which a run starts here has not finished.
  if (step.events.length > before && answer.outcome !== "run") tellFinished(step, [jobId]);
  const told = step.events.slice(before).filter(({ name }) => TOLD.has(name));
  return { ...answer, now: step.now, ...(told.length > 0 && { told: told.slice(-MAX_TOLD) }) };
}

/** What the worker whose request decided it writes to its log, once for each occurrence that does not run. */
const TOLD: ReadonlySet<EventName> = new Set(["JOB_MISSED", "JOB_MAX_INSTANCES", "JOB_ERROR"]);
const MAX_TOLD = 20;

/**
 * Whether the server got to the request when the queue job was no longer that worker's. A run that an earlier call of the
 * same request started did not crash.
 */
function isTooLate({ queue, state }: Step, request: AdmitRequest): boolean {
  const { lock, queueJobId, jobId, take } = request;
  if (lock === undefined || queue.isHeld(queueJobId, lock)) return false;
  const run = state.running.get(jobId)?.get(queueJobId);
  if (run?.take === take) run.isAlive = true;
  return true;
}

function admitOne(step: Step, request: AdmitRequest): Answer {
  const { jobId, queueJobId, kind } = request;
  const job = step.state.jobs.get(jobId);
  const held = step.state.running.get(jobId)?.get(queueJobId);
  if (held) return takeOver(step, job, held, request);
  if (!job) return { outcome: "none" };
  if (kind === "backfill") return admitBackfill(step, job, request);
  if (kind === "wakeup") {
    const waitMs = acknowledge(step, job, queueJobId);
    if (waitMs !== undefined) return { outcome: "early", waitMs };
  }
  const look = kind === "manual" ? admitManual(step, job, request) : admitDue(step, job, request);
  if ("outcome" in look) return look;
  // The wakeup may also be for its backfill, which was in its group's line.
  if (kind === "wakeup" && leaveLine(step, job, true)) feedBackfill(step, job);
  if (look.run || !look.isComplete) wakeForQueued(step, job);
  return look.run ? answerRun(job, look.run) : { outcome: "none" };
}

/** Moves the schedule on and decides what is due; if nothing is, looks at the queued runs. */
function admitDue(step: Step, job: JobEntry, request: AdmitRequest): Look | Answer {
  const isOccurrence = request.kind === "occurrence";
  // What waits in a paused job was requested by a person.
  if (isOccurrence && job.state === "paused") return { outcome: "none" };
  const isCurrent = request.knowsSchedule && request.generation === job.generation;
  if (!isOccurrence || !isCurrent || job.state !== "active") return takeQueued(step, job, request);
  const found = dueOf(job, request, step.now);
  switch (found.is) {
    case "nothing":
      return takeQueued(step, job, request);
    case "early":
      return { outcome: "early", waitMs: found.waitMs };
    case "behind":
      return { outcome: "behind", watermark: job.watermark, revision: job.revision };
    case "due": {
      const { due, older, upcoming } = found;
      const [next] = upcoming;
      job.watermark = due.at(-1)?.fireAt ?? job.watermark;
      const skipped = decideSkips(step, job, job.watermark);
      const [first, ...rest] = due.filter(({ fireAt }) => !skipped.has(fireAt));
      job.next = next ?? null;
      addNext(step, job, next);
      const decide = job.rules.coalesce ? decideTogether : decideSingly;
      // Without a first one there is no older one either: see `AdmitRequest`.
      const look = first
        ? decide(step, job, request, [first, ...rest], older)
        : takeQueued(step, job, request);
      if (!next) job.state = "finished";
      return look;
    }
  }
}

function admitManual(step: Step, job: JobEntry, request: AdmitRequest): Look {
  const asked = job.requests.get(request.queueJobId);
  if (!asked) return NOTHING;
  job.requests.delete(request.queueJobId);
  const { fireAt, params, ignoreCondition, by } = asked;
  const place = placeOf(step, job, ignoreCondition);
  const run: QueuedEntry = {
    id: request.queueJobId,
    kind: "manual",
    fireAt,
    dueAt: fireAt,
    fromAt: fireAt,
    count: 1,
    ...(params === undefined ? {} : { params }),
    ignoreCondition,
    ...(by && { by }),
    waitUntil: place.waitUntil,
  };
  if (place.name !== "condition" && place.name !== "full")
    return putInPlace(step, job, request, run, place);
  decideAgainst(step, job, decidedOf(run), skippedFor(place));
  return NOTHING;
}

/** Starts a backfill run, if it still has its queue job and there is room. */
function admitBackfill(step: Step, job: JobEntry, request: AdmitRequest): Answer {
  const { backfill } = job;
  const fireAt = backfill?.queued.get(request.queueJobId);
  if (!backfill || fireAt === undefined) return { outcome: "none" };
  backfill.queued.delete(request.queueJobId);
  if (!hasGroupRoom(step, job.rules)) {
    addFireTime(backfill, fireAt);
    joinLine(step, job, true);
    return { outcome: "none" };
  }
  const id = backfillRunId(job.id, fireAt);
  const run = { id, kind: "backfill", fireAt, dueAt: fireAt, fromAt: fireAt, count: 1 } as const;
  return answerRun(job, startRun(step, job, request, run));
}
