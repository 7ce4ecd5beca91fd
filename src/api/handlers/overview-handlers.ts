import { reasonOf } from "../../core/stored-error.ts";
import { promiseOf } from "../../history/promise.ts";
import { isVerdict, type Run } from "../../history/run.ts";
import type { StatsPeriod } from "../../history/stats.ts";
import { readAttention } from "../overview/attention.ts";
import { jobPromises } from "../overview/job-promises.ts";
import { promisesOf } from "../overview/promise-figures.ts";
import type { OverviewAnswer } from "../contract/overview-routes.ts";
import { scheduleInShort } from "../schedules/schedule-in-short.ts";
import type { JobSnapshot } from "../../scheduler/job.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";
import type { Handlers } from "./handler.ts";
import { requireJob } from "./require-job.ts";
import { toRunAnswer } from "./run-handlers.ts";

const HOUR_MS = 3_600_000;
const UPCOMING = 50;
const NEXT = 10;
const CELLS = 60;
/** Characters of an error in a cell. */
const MAX_LINE = 200;
const OPEN = ["queued", "running", "retrying", "sleeping"] as const;

/** What the routes do that show much at once. */
export const overviewHandlers: Handlers<"getJobPromises" | "getOverview" | "listStrips"> = {
  async getOverview({ scheduler }) {
    const [span, isPaused, workers, { queues }, { jobs: upcoming }] = await Promise.all([
      readSpan(scheduler),
      scheduler.isPaused(),
      scheduler.getWorkers(),
      scheduler.getQueues(),
      scheduler.getJobs({ state: "active", order: "next-run", limit: UPCOMING }),
    ]);
    const { now, ...rest } = span;
    const seen = { scheduler, workers, queues, isPaused, now };
    const next = upcoming.flatMap((job) => planned(job, now));
    return {
      now: now.toISOString(),
      isPaused,
      ...rest,
      attention: await readAttention(seen, upcoming),
      next: next.slice(0, NEXT),
      workers: {
        count: workers.length,
        capacity: workers.reduce((sum, one) => sum + one.concurrency * one.queues.length, 0),
        running: workers.reduce((sum, one) => sum + one.running.length, 0),
      },
    };
  },

  async getJobPromises({ path: { jobId }, scheduler }) {
    await requireJob(scheduler, jobId);
    const [runs = []] = await scheduler.getLatestRuns({ jobIds: [jobId], limit: CELLS });
    return jobPromises(runs);
  },

  async listStrips({ query: { jobId }, scheduler }) {
    const ids = [...new Set(jobId)];
    const strips = await scheduler.getLatestRuns({ jobIds: ids, limit: CELLS });
    const items = ids.map((id, i) => {
      const runs = strips[i] ?? [];
      const latest = runs.find(({ verdict }) => isVerdict(verdict)) ?? runs[0];
      return {
        jobId: id,
        cells: runs.map(toCell),
        latest: latest ? toRunAnswer(latest) : null,
      };
    });
    return { items, nextCursor: null };
  },
};

/** The next time of a job, unless it is overdue. */
function planned(job: JobSnapshot, now: Date): OverviewAnswer["next"] {
  const { id: jobId, nextRunTime, nextDueTime, schedule } = job;
  if (!nextRunTime || !nextDueTime || nextDueTime < now) return [];
  const [fireTime, dueTime] = [nextRunTime.toISOString(), nextDueTime.toISOString()];
  return [{ jobId, fireTime, dueTime, schedule, scheduleInShort: scheduleInShort(job) }];
}

function toHour(hour: StatsPeriod): OverviewAnswer["hours"][number] {
  return { from: hour.from.toISOString(), ...promisesOf(hour) };
}

function toCell(run: Run) {
  const { id: runId, fireTime, verdict, reason = null, count } = run;
  const promise = promiseOf(run) ?? null;
  const durationMs = run.durationMs ?? null;
  const error = run.error ? firstLineOf(reasonOf(run.error)) : null;
  const at = fireTime.toISOString();
  return { runId, fireTime: at, verdict, reason, promise, count, durationMs, error };
}

function firstLineOf(text: string): string {
  const line = text.split("\n", 1)[0] ?? "";
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE - 1)}…` : line;
}

/** What was decided in the last 24 hours, and what is in flight. */
async function readSpan(
  scheduler: ActingScheduler,
): Promise<Pick<OverviewAnswer, "from" | "hours" | "promise"> & { readonly now: Date }> {
  const { to: now, jobs } = await scheduler.getStats();
  const from = new Date(now.getTime() - 24 * HOUR_MS);
  // Hours are known of the whole fleet only.
  const by = jobs === undefined ? "hour" : "total";
  const [stats, open] = await Promise.all([
    scheduler.getStats({ from, by }),
    scheduler.getRuns({ verdict: [...OPEN], trigger: "scheduled", limit: 1_000 }),
  ]);
  const decided = promisesOf(stats.total);
  const inFlight = open.runs.reduce((sum, { count }) => sum + count, 0);
  const { kept, late, excused, broken } = decided;
  return {
    now,
    from: stats.from.toISOString(),
    promise: {
      ...decided,
      inFlight,
      due: kept + late + excused + broken + inFlight,
      isAll: open.cursor === undefined,
      jobs: stats.jobs ?? null,
    },
    hours: stats.periods.map(toHour),
  };
}
