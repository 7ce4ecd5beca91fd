import { counted } from "../../core/counted.ts";
import { formatDuration } from "../../core/durations.ts";
import type { SchedulerParts } from "../../scheduler/assembly.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";
import { findLost, type Repairable } from "../../scheduler/repairs.ts";
import type { WorkerRecord } from "../../scheduler/worker-record.ts";
import { TZDATA } from "../../triggers/time/tzdata.ts";
import { readAttention } from "../overview/attention.ts";
import type { CheckAnswer } from "../contract/check-routes.ts";

/** A clock that is further away than this decides nothing wrong, but wakes up late or too often. */
const MUCH_SKEW_MS = 1_000;
const DAY_MS = 86_400_000;
/** Jobs that are looked at for what they need. */
const MOST_JOBS = 10_000;
const PAGE = 1_000;
/** Parts of an account, of a hundred jobs each and more. */
const MOST_PARTS = 200;
const MOST_NAMED = 5;
/** Names that one sentence has. */
const UPCOMING = 50;

/** What checks look at. */
export interface Checked {
  readonly parts: Pick<SchedulerParts, "clock" | "engine">;
  readonly scheduler: ActingScheduler;
}

/** How everything is, in the order in which it matters. */
export async function readChecks(checked: Checked): Promise<CheckAnswer[]> {
  const { parts, scheduler } = checked;
  const server = await checkServer(checked);
  // Nothing else can be asked.
  if (server.some(({ level }) => level === "problem")) return server;
  const workers = await scheduler.getWorkers();
  const lists = await Promise.all([
    checkClocks(workers),
    checkSchedules(scheduler, await findLost(parts.engine, parts.clock)),
    checkWaiting(checked, workers),
    checkPipelines(scheduler, workers),
    checkZones(parts.clock.now()),
    checkAccount(scheduler, await parts.engine.now()),
  ]);
  return [...server, ...lists.flat()];
}

async function checkServer({ parts, scheduler }: Checked): Promise<CheckAnswer[]> {
  const { engine } = parts;
  const health = await scheduler.health();
  const { roundTripMs = 0, problem } = health;
  if (!health.ok) return [one("server", "problem", `${engine.label}: ${problem ?? "no answer"}`)];
  const facts = (await engine.facts?.()) ?? [];
  return [
    one("server", "good", `${engine.label}, ${roundTripMs.toFixed(1)} ms`),
    ...facts.map(({ level, text }) => one("settings", level === "warn" ? "warning" : level, text)),
  ];
}

async function checkClocks(workers: readonly WorkerRecord[]): Promise<CheckAnswer[]> {
  if (workers.length === 0) return [];
  const skews = workers.map(({ clockSkewMs }) => Math.abs(clockSkewMs));
  const most = Math.max(...skews);
  const wrong = workers.filter(({ clockSkewMs }) => Math.abs(clockSkewMs) > MUCH_SKEW_MS);
  if (wrong.length === 0)
    return [
      one(
        "clocks",
        "good",
        `clock skew of ${counted(workers.length, "worker")} ≤ ${Math.ceil(most)} ms`,
      ),
    ];
  const hosts = named([...new Set(wrong.map(({ host }) => host))]);
  const text = `the clocks of ${hosts} are up to ${formatDuration(most)} from the server's: runs start late. Synchronise them, by NTP.`;
  return [one("clocks", "warning", text)];
}

async function checkSchedules(
  scheduler: ActingScheduler,
  lost: readonly Repairable[],
): Promise<CheckAnswer[]> {
  const unscheduled = [...new Set(lost.filter(({ kind }) => kind === "unscheduled").map(idOf))];
  const stranded = lost.filter(({ kind }) => kind !== "unscheduled");
  const { total } = await scheduler.countJobs({ state: "active" });
  const left = total - unscheduled.length;
  return [
    unscheduled.length === 0
      ? one(
          "schedules",
          "good",
          `${counted(total, "job")} ${total === 1 ? "has its" : "have their"} next occurrence waiting`,
        )
      : {
          ...one(
            "schedules",
            "problem",
            `${counted(unscheduled.length, "job")} without a waiting occurrence: ${named(unscheduled)} (${left} others are in order). A running scheduler puts them back within seconds.`,
          ),
          canFix: true,
        },
    ...(stranded.length === 0
      ? []
      : [
          {
            ...one(
              "schedules",
              "problem",
              `${counted(stranded.length, "run")} that nothing will go on with, of ${named([...new Set(stranded.map(idOf))])}.`,
            ),
            canFix: true,
          },
        ]),
  ];
}

/** What is due and not taken, and queues that nobody serves. */
async function checkWaiting(
  { parts, scheduler }: Checked,
  workers: readonly WorkerRecord[],
): Promise<CheckAnswer[]> {
  const [{ queues }, isPaused, { jobs }, now] = await Promise.all([
    scheduler.getQueues(),
    scheduler.isPaused(),
    scheduler.getJobs({ state: "active", order: "next-run", limit: UPCOMING }),
    parts.engine.now(),
  ]);
  const seen = { scheduler, workers, queues, isPaused, now: new Date(now) };
  const attention = await readAttention(seen, jobs);
  const overdue = attention.filter(({ kind }) => kind === "overdue");
  const unserved = queues.filter(({ jobs: count, workers: serving }) => count > 0 && serving === 0);
  return [
    ...(isPaused ? [one("overdue", "info", "the fleet is paused: nothing starts.")] : []),
    ...(overdue.length === 0
      ? [one("overdue", "good", "nothing is overdue")]
      : overdue
          .slice(0, MOST_NAMED)
          .map(({ jobId, reason }) =>
            one("overdue", "problem", `${jobId ?? ""}: ${reason ?? "overdue"}`),
          )),
    ...(overdue.length > MOST_NAMED
      ? [one("overdue", "problem", `… and ${overdue.length - MOST_NAMED} more are overdue`)]
      : []),
    ...(unserved.length === 0
      ? [one("queues", "good", "each queue with jobs has a worker")]
      : unserved.map(({ name, jobs: count }) =>
          one("queues", "problem", `queue "${name}": ${counted(count, "job")}, no worker`),
        )),
  ];
}

async function checkPipelines(
  scheduler: ActingScheduler,
  workers: readonly WorkerRecord[],
): Promise<CheckAnswer[]> {
  if (workers.length === 0) return [];
  const known = new Set(workers.flatMap(({ pipelines }) => pipelines));
  const unknown = new Map<string, number>();
  let cursor: string | undefined;
  let looked = 0;
  do {
    const page = await scheduler.getJobs({
      state: "active",
      limit: PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { pipeline } of page.jobs)
      if (!known.has(pipeline)) unknown.set(pipeline, (unknown.get(pipeline) ?? 0) + 1);
    looked += page.jobs.length;
    ({ cursor } = page);
  } while (cursor !== undefined && looked < MOST_JOBS);
  const of = cursor === undefined ? "" : ` (of the first ${looked} jobs)`;
  if (unknown.size === 0)
    return [one("pipelines", "good", `some worker knows the pipeline of each job${of}`)];
  return [...unknown]
    .slice(0, MOST_NAMED)
    .map(([name, count]) =>
      one(
        "pipelines",
        "problem",
        `no worker knows the pipeline "${name}" of ${counted(count, "job")}${of}`,
      ),
    );
}

async function checkZones(now: number): Promise<CheckAnswer[]> {
  const year = Number(/^\d{4}/.exec(TZDATA)?.[0]);
  const text = `time zone data ${TZDATA}`;
  if (new Date(now).getUTCFullYear() - year > 1)
    return [
      one(
        "zones",
        "warning",
        `${text} is years old: some clocks change on other days by now. Use a newer Node.js.`,
      ),
    ];
  return [one("zones", Number.isNaN(year) ? "info" : "good", text)];
}

async function checkAccount(scheduler: ActingScheduler, now: number): Promise<CheckAnswer[]> {
  const from = new Date(now - DAY_MS);
  let [due, lost, surplus] = [0, 0, 0];
  const jobIds = new Set<string>();
  let cursor: string | undefined;
  let parts = 0;
  do {
    const part = await scheduler.account({
      from,
      to: new Date(now),
      ...(cursor === undefined ? {} : { cursor }),
    });
    due += part.due;
    lost += part.unaccounted.count;
    surplus += part.surplus.count;
    for (const { jobId } of [...part.unaccounted.rows, ...part.surplus.rows]) jobIds.add(jobId);
    ({ cursor } = part);
    parts += 1;
  } while (cursor !== undefined && parts < MOST_PARTS);
  const of = `${due.toLocaleString("en-US")}${cursor === undefined ? "" : " of the jobs looked at"}`;
  if (lost + surplus === 0)
    return [one("account", "good", `unaccounted in the last 24 h: 0 of ${of}`)];
  const text = `unaccounted in the last 24 h: ${lost}, decided twice or without being due: ${surplus}, of ${of}: ${named([...jobIds])}. Please report this.`;
  return [one("account", "problem", text)];
}

function one(check: CheckAnswer["check"], level: CheckAnswer["level"], text: string): CheckAnswer {
  return { check, level, text, canFix: false };
}

function idOf({ jobId }: Repairable): string {
  return jobId;
}

function named(names: readonly string[]): string {
  const left = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(", ")}${left > 0 ? ` and ${left} more` : ""}`;
}
