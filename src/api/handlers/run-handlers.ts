import { isoOrNull } from "../../core/iso.ts";
import type { Clock } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { FleetRunPage } from "../../history/fleet-history.ts";
import { type PromiseState, promiseOf } from "../../history/promise.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";
import type { Run } from "../../history/run.ts";
import { whyOf } from "../../history/why-of-run.ts";
import type { RunAnswer } from "../contract/run-shapes.ts";
import { asJson } from "./as-json.ts";
import type { Contract } from "../contract.ts";
import { LogSource } from "../streams/log-source.ts";
import type { StreamHub } from "../streams/stream-hub.ts";
import type { Call, Handlers } from "./handler.ts";

type RunRoute =
  "cancelRun" | "getRun" | "getRunLogs" | "listJobRuns" | "listRuns" | "listSteps" | "retryRun";

/** A run as the API answers it. Field by field: a page has up to 1,000, and asking each value what it is costs more than all else. */
export function toRunAnswer(run: Run): RunAnswer {
  return {
    id: run.id,
    jobId: run.jobId,
    verdict: run.verdict,
    promise: promiseOf(run) ?? null,
    trigger: run.trigger,
    owner: run.owner ?? null,
    requestedBy: run.requestedBy ?? null,
    cancelledBy: run.cancelledBy ?? null,
    fireTime: run.fireTime.toISOString(),
    dueTime: run.dueTime.toISOString(),
    count: run.count,
    firstFireTime: run.firstFireTime.toISOString(),
    startedAt: isoOrNull(run.startedAt),
    finishedAt: isoOrNull(run.finishedAt),
    decidedAt: isoOrNull(run.decidedAt),
    latenessMs: run.latenessMs ?? null,
    durationMs: run.durationMs ?? null,
    attempt: run.attempt ?? null,
    worker: run.worker ?? null,
    reason: run.reason ?? null,
    why: whyOf(run) ?? null,
    coalescedInto: run.coalescedInto ?? null,
    note: run.note ?? null,
    result: asJson(run.result),
    error: run.error ? asJson(run.error) : null,
  };
}

/** What the routes about runs do. */
export function runHandlers(clock: Clock, hub: StreamHub): Handlers<RunRoute> {
  return {
    ...atOnce,
    getRunLogs: (call) =>
      call.query.follow === true ? followLogs(call, { clock, hub }) : readLogs(call),
  };
}

const atOnce: Handlers<Exclude<RunRoute, "getRunLogs">> = {
  async listRuns({ query, scheduler }) {
    const { runs, cursor, searchedTo, since } = await runsAsked(scheduler, query);
    return {
      items: runs.map(toRunAnswer),
      nextCursor: cursor ?? null,
      ...asJson({ searchedTo, since }),
    };
  },

  async listJobRuns({ path: { jobId }, query, scheduler }) {
    const { runs, cursor } = await scheduler.getRuns(jobId, query);
    return { items: runs.map(toRunAnswer), nextCursor: cursor ?? null };
  },

  getRun: async ({ path, scheduler }) => toRunAnswer(await scheduler.getRun(path.runId)),

  cancelRun: async ({ path, body, scheduler }) => ({
    outcome: await scheduler.cancelRun(path.runId, body),
  }),

  retryRun: ({ path, body, scheduler }) => scheduler.retryRun(path.runId, body),

  listSteps: async ({ path: { runId }, scheduler }) => ({
    items: asJson(await scheduler.getSteps(runId)),
    nextCursor: null,
  }),
};

/** Which verdicts a promise of this state may have. */
const VERDICTS_OF: Readonly<Record<PromiseState, readonly Run["verdict"][]>> = {
  kept: ["succeeded"],
  late: ["succeeded"],
  broken: ["failed", "missed", "skipped"],
  excused: ["skipped", "coalesced", "cancelled"],
  "in-flight": ["queued", "running", "retrying", "sleeping"],
};

async function runsAsked(
  scheduler: ActingScheduler,
  { promise, ...query }: Call<Contract["listRuns"]>["query"],
): Promise<FleetRunPage> {
  if (promise === undefined) return scheduler.getRuns(query);
  for (const path of ["verdict", "reason"] as const)
    if (query[path] !== undefined)
      throw new CronduitError(
        "INVALID_OPTION",
        `GET /runs, query, ${path}: is said by "promise" already; give one of them.`,
        { data: { path } },
      );
  const page = await scheduler.getRuns({ ...query, verdict: [...VERDICTS_OF[promise]] });
  return { ...page, runs: page.runs.filter((run) => promiseOf(run) === promise) };
}

type LogCall = Call<Contract["getRunLogs"]>;

async function readLogs({ path: { runId }, query, scheduler }: LogCall) {
  const { cursor: after, limit, text, level } = query;
  // In this order, because a run's log is stored before its verdict.
  const { verdict } = await scheduler.getRun(runId);
  const page = await scheduler.getLogs(runId, { limit, text, level, after });
  const position = page.cursor ?? null;
  const nextCursor = page.isEnd ? null : position;
  return { items: asJson(page.lines), nextCursor, position, verdict };
}

function followLogs(
  { path: { runId }, query, scheduler, request, caller, again }: LogCall,
  { clock, hub }: { readonly clock: Clock; readonly hub: StreamHub },
): Promise<Response> {
  const { text, level, cursor, lastEventId } = query;
  const last = request.headers.get("last-event-id") ?? lastEventId;
  return hub.open({ caller, again }, async (on) => {
    const log = { runId, text, level };
    const source = new LogSource({ scheduler, clock, log }, on, last ?? cursor);
    await source.start();
    // Whoever comes back after the end need not come again.
    if (last !== undefined && source.isNothing) return undefined;
    return { source };
  });
}
