import { CronduitError, isCronduitError } from "../../core/errors.ts";
import type { Logger } from "../../core/log.ts";
import type { EpochMs } from "../../core/clock.ts";
import type { StoredJob } from "../../jobs/definition.ts";
import { queueOf } from "../../jobs/queue.ts";
import { checkConditions } from "../../scheduler/condition-cycles.ts";
import { compareSchedules, type Declaration } from "../../scheduler/declaration.ts";
import type { Desk } from "../../scheduler/make-scheduler.ts";
import { sourceInWords } from "../../scheduler/take-over.ts";
import { Schedule } from "../../jobs/schedule.ts";
import type { Finding, Problem, ProblemCode } from "../file-problem.ts";
import { byPlace, PROBLEM_CODES } from "../file-problem.ts";
import { inWordsOfFiles } from "../jobs/spelling.ts";
import { divided } from "../jobs/told.ts";
import { asJob } from "./as-job.ts";
import type { KeptJob } from "./kept-job.ts";
import { notBeforeNow } from "./past-times.ts";

/** Jobs read at once. */
const PAGE = 200;

/** A job of a file that can be stored. */
export interface CheckedJob {
  readonly job: KeptJob;
  readonly declaration: Declaration;
  /** As it is stored; absent: it is new. */
  readonly stored: StoredJob | undefined;
  /** Whether a time of it is past that was never seen before. */
  readonly isPast: boolean;
}

/** What the fleet says of jobs. With an error among the problems, some are missing. */
export interface CheckedJobs {
  readonly jobs: readonly CheckedJob[];
  readonly problems: readonly Problem[];
}

/** What jobs are checked with. */
export interface JobChecker {
  readonly desk: Pick<Desk, "engine" | "jobs" | "rights">;
  readonly logger: Logger;
  /** Says where another source declares a job, for messages. */
  readonly placeIn?: (source: string, jobId: string) => Promise<string | undefined>;
}

/**
 * Checks what a file alone does not tell: pipelines, params, calendars, conditions, and whose the ids are. Nothing is
 * stored.
 */
export async function checkJobs(
  { desk, logger, placeIn }: JobChecker,
  jobs: readonly KeptJob[],
): Promise<CheckedJobs> {
  const problems: Problem[] = [];
  const tell = (job: KeptJob, finding: Finding): void => void problems.push(at(job, finding));
  const declared = await desk.jobs.declareEach(jobs.map(asJob));
  const stored = await readJobs(desk, jobs);
  const now = await desk.engine.now();
  const checked: CheckedJob[] = [];
  for (const [i, job] of jobs.entries()) {
    const declaration = declared[i];
    const there = stored[i];
    if (!declaration) continue;
    if (declaration instanceof CronduitError) {
      tell(job, refused(declaration));
      continue;
    }
    const wrong = await misplaced(declaration, there, placeIn);
    if (wrong) tell(job, wrong);
    else checked.push(seen({ job, declaration, stored: there, isPast: false }, now, tell));
  }
  const cycle = await cycleAmong(desk, logger, checked);
  const inCycle = cycle && (jobs.find(({ id }) => id === cycle.id) ?? jobs[0]);
  if (inCycle) tell(inCycle, cycle.finding);
  return { jobs: checked, problems: problems.toSorted(byPlace) };
}

/** Whether it is worth being added again: what ran once and was deleted long ago is not missing. */
export function hasTimesToCome({ isPast, declaration }: CheckedJob): boolean {
  return !isPast && !declaration.isOver;
}

/** The stored jobs of these ids. */
async function readJobs(
  { engine }: Pick<Desk, "engine">,
  jobs: readonly { readonly id: string }[],
): Promise<(StoredJob | undefined)[]> {
  const stored: (StoredJob | undefined)[] = [];
  for (let i = 0; i < jobs.length; i += PAGE) {
    const page = await engine.jobs.get(jobs.slice(i, i + PAGE).map(({ id }) => id));
    stored.push(...page);
  }
  return stored;
}

function at({ file, line, column }: KeptJob, finding: Finding): Problem {
  const { code, message, hint, severity = "error" } = finding;
  const place = { file, line, column, endColumn: column + 1 };
  return { ...place, severity, code, message, ...(hint === undefined ? {} : { hint }) };
}

function refused(error: CronduitError): Finding {
  const { code, message } = error;
  const known = Object.hasOwn(PROBLEM_CODES, code) ? (code as ProblemCode) : "INVALID_OPTION";
  const text = inWordsOfFiles(message.replace(/^addJob(?:, option "[^"]*")?: /, ""));
  return { code: known, ...divided(text) };
}

/** Whether the id is another's, or the job on another queue, which it can't leave. */
async function misplaced(
  { definition }: Declaration,
  stored: StoredJob | undefined,
  placeIn: JobChecker["placeIn"],
): Promise<Finding | undefined> {
  if (!stored) return undefined;
  const { id, source } = stored.definition;
  if (source !== definition.source) {
    const place = source === undefined ? undefined : await placeIn?.(source, id);
    const where = place === undefined ? "" : `, in ${place}`;
    return {
      code: "ID_TAKEN",
      message: `Job "${id}" is declared by ${sourceInWords(source)} already${where}.`,
      hint: "Give one of them another id.",
    };
  }
  const [queue, present] = [queueOf(definition), queueOf(stored.definition)];
  if (queue === present) return undefined;
  return {
    code: "INVALID_OPTION",
    message: `queue: job "${id}" is on queue "${present}", and a job can't change its queue.`,
    hint: "Give it another id.",
  };
}

/** Warns of jobs that will not run; times that are past when they are first seen have no run. */
function seen(
  { job, declaration, stored }: CheckedJob,
  now: EpochMs,
  tell: (job: KeptJob, finding: Finding) => void,
): CheckedJob {
  const isSame = stored && compareSchedules(stored.definition, declaration.definition).isSame;
  const { past, declaration: fresh } = isSame
    ? { past: undefined, declaration }
    : notBeforeNow(declaration, now);
  if (past !== undefined)
    tell(job, {
      code: "PAST_DATE",
      severity: "warning",
      message: past,
      hint: "Give a time that is to come, if it is to run.",
    });
  else if (fresh.isOver && !stored)
    tell(job, {
      code: "NEVER_FIRES",
      severity: "warning",
      message: `The schedule has no time to come: ${new Schedule(fresh.definition).trigger.describe()}.`,
      hint: "Leave the job out, or give another schedule.",
    });
  return { job, declaration: fresh, stored, isPast: past !== undefined };
}

async function cycleAmong(
  { engine }: Pick<Desk, "engine">,
  logger: Logger,
  checked: readonly CheckedJob[],
): Promise<{ id: string; finding: Finding } | undefined> {
  try {
    await checkConditions(
      engine,
      logger,
      checked.map(({ declaration }) => declaration.definition),
    );
    return undefined;
  } catch (error) {
    if (!isCronduitError(error, "INVALID_CONDITION")) throw error;
    const { cycle } = error.data as { cycle?: readonly string[] };
    return { id: cycle?.[0] ?? "", finding: refused(error) };
  }
}
