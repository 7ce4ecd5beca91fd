import type { EpochMs } from "../../core/clock.ts";
import type { Explanation } from "../../history/explain.ts";
import { LATE_MS } from "../../history/promise.ts";
import type { JobSnapshot } from "../../scheduler/job.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";
import type { ExplanationAnswer } from "../contract/occurrence-routes.ts";
import { overdue } from "../overview/attention.ts";
import { requireJob } from "./require-job.ts";
import { toRunAnswer } from "./run-handlers.ts";

/** Rows among which the last decision is looked for: runs by hand may be in between. */
const LAST_FEW = 20;

/** What is asked. */
interface Fleet {
  readonly scheduler: Pick<
    ActingScheduler,
    "explain" | "getJob" | "getLatestRuns" | "getWorkers" | "isPaused"
  >;
  /** The time by the server's clock. */
  readonly now: () => Promise<EpochMs>;
}
type Evidence = ExplanationAnswer["evidence"][number];

/** What happened to an occurrence and why, with what it comes of. @param at Absent: the one that is most likely meant. */
export async function explainedAnswer(
  fleet: Fleet,
  jobId: string,
  at: string | undefined,
): Promise<ExplanationAnswer> {
  const { scheduler } = fleet;
  const meant = at ?? (await likelyMeant(fleet, await requireJob(scheduler, jobId)));
  const [told, job] = await Promise.all([scheduler.explain(jobId, meant), scheduler.getJob(jobId)]);
  const { text, state, run, terms } = told;
  const { nextRunTime, nextDueTime } = job ?? { nextRunTime: null, nextDueTime: null };
  return {
    jobId,
    at: told.at.toISOString(),
    due: state !== "none" && state !== "unknown",
    reason: reasonOf(told),
    text,
    state,
    run: run ? toRunAnswer(run) : null,
    terms: terms ? [...terms] : null,
    evidence: await evidenceOf(fleet, told, job),
    next:
      nextRunTime && nextDueTime
        ? { fireTime: nextRunTime.toISOString(), dueTime: nextDueTime.toISOString() }
        : null,
  };
}

/** What nobody takes; else what was decided last; else what comes. */
async function likelyMeant(
  { scheduler, now }: Fleet,
  { id, createdAt, nextRunTime, nextDueTime }: JobSnapshot,
): Promise<Date> {
  const [[rows = []], at] = await Promise.all([
    scheduler.getLatestRuns({ jobIds: [id], limit: LAST_FEW }),
    now(),
  ]);
  if (nextRunTime && nextDueTime && at - nextDueTime.getTime() > LATE_MS) return nextRunTime;
  const last = rows.find(({ trigger }) => trigger === "scheduled") ?? rows[0];
  return last?.fireTime ?? nextRunTime ?? createdAt;
}

/** What is no verdict, as a reason. */
const WITHOUT_VERDICT = {
  none: "not-due",
  future: "not-yet",
  due: "overdue",
  unknown: "unknown",
} as const;

function reasonOf({ state, run }: Explanation): ExplanationAnswer["reason"] {
  return state in WITHOUT_VERDICT
    ? WITHOUT_VERDICT[state as keyof typeof WITHOUT_VERDICT]
    : (run?.reason ?? (state as ExplanationAnswer["reason"]));
}

async function evidenceOf(
  fleet: Fleet,
  { terms = [], state }: Explanation,
  job: JobSnapshot | undefined,
): Promise<Evidence[]> {
  const said = terms.map(({ text, value, decisive, why }) => ({
    what: text,
    holds: value,
    decided: decisive,
    text: why,
  }));
  const ids = [...new Set(terms.map(({ jobId }) => jobId))];
  const named = await Promise.all(ids.map((id) => fleet.scheduler.getJob(id)));
  const asked = [...named, ...(state === "due" ? [job] : [])].filter((one) => one !== undefined);
  return asked.length === 0 ? said : [...said, ...(await late(fleet, asked))];
}

/** Of these jobs, those that are due and that nobody takes. */
async function late({ scheduler, now }: Fleet, jobs: readonly JobSnapshot[]): Promise<Evidence[]> {
  const [workers, isPaused, at] = await Promise.all([
    scheduler.getWorkers(),
    scheduler.isPaused(),
    now(),
  ]);
  return overdue({ workers, isPaused, now: new Date(at) }, jobs).map(({ jobId, reason }) => ({
    what: `${jobId ?? ""} is overdue`,
    holds: null,
    decided: true,
    text: reason ?? "",
  }));
}
