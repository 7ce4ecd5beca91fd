import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../../../src/engine/port/engine.ts";
import { Accounts } from "../../../src/history/account.ts";
import { type AccountedWrong, type History, mayWaitForJob } from "../history/history.ts";
import type { Edit } from "../history/job-spec.ts";
import { readWitnesses, type Witnesses } from "../history/read-journals.ts";
import { readOpen, readRows } from "../history/read-store.ts";
import { planFaults } from "../plan/fault-plan.ts";
import { Random } from "../plan/random.ts";
import { isOperated } from "../plan/operators.ts";
import { type PlannedEdit, planWorkload } from "../plan/workload.ts";
import type { Defect } from "../program/defects.ts";
import { Journal, realNow, watchStalls } from "../program/journal.ts";
import { RECOVERY_MS } from "../check/health.ts";
import { type ChaosServer, type EngineName, openEngine, pass } from "./chaos-server.ts";
import { ChaosFleet } from "./fleet.ts";
import { Inflictor } from "./inflict.ts";
import { SlowProxy } from "./slow-proxy.ts";
import { startChaosServer } from "./start-server.ts";
import { ServerWatch } from "./server-watch.ts";

/** The workload, the faults and the duration. */
export interface CampaignOptions {
  readonly system: "cronduit" | "bare";
  readonly engine: EngineName;
  readonly seed: number;
  readonly forMs: number;
  readonly workers: number;
  readonly jobs: number;
  readonly defect?: Defect;
  /** Stops everything as soon as possible. */
  readonly signal: AbortSignal;
  say(text: string): void;
}

/** The results of a run. */
export interface CampaignResult {
  readonly history: History;
  readonly warnings: Witnesses["warnings"];
}

const PREFIX = "chaos";
/** Running time after the last fault: recovery is under test, too. */
const HEALTHY_MS = 8_000;
/** By then every run has ended and every event has been received, or never will. */
const QUIET_LIMIT_MS = 40_000;
const POLL_MS = 250;
const FIRST_END_EDIT = 1_000_000;

/** One run: a server, a fleet, a load, faults; then rest, and a last read. */
export async function campaign(options: CampaignOptions): Promise<CampaignResult> {
  const dir = mkdtempSync(join(tmpdir(), "cronduit-chaos-"));
  const journal = new Journal(dir, "harness");
  const stalls = watchStalls(journal);
  try {
    await using server = await startChaosServer(options.engine);
    await using watch = await ServerWatch.start(server, journal);
    await using proxy = await SlowProxy.start(server.port);
    const settings = {
      url: server.urlAt(proxy.port),
      prefix: PREFIX,
      dir,
      system: options.system,
      skewMs: 0,
      ...(options.defect === undefined ? {} : { defect: options.defect }),
    };
    await using fleet = new ChaosFleet(settings, options.workers, journal);
    await untilAborted(options.signal, fleet.start());
    const from = realNow();
    const edits = planned(options, from);
    const inflictor = new Inflictor({
      ...options,
      server,
      proxy,
      fleet,
      prefix: PREFIX,
      dir,
      journal,
    });
    const faults = planFaults(new Random(options.seed + 1), options.forMs);
    options.say(
      `${edits.length} edits and ${faults.length} faults in ${options.forMs / 1_000} s …`,
    );
    const at = async (atMs: number, action: () => Promise<void> | void): Promise<void> => {
      await pass(Math.max(0, from + atMs - realNow()));
      if (!options.signal.aborted) await action();
    };
    await untilAborted(
      options.signal,
      Promise.all([
        ...edits.map(({ atMs, client, edit }) =>
          at(atMs, () => fleet.schedulers[client % 2]?.ask(edit)),
        ),
        ...faults.map((fault) => at(fault.atMs, () => inflictor.inflict(fault))),
        pass(options.forMs),
      ]),
    );
    options.say("all faults are over; waiting for rest …");
    await untilAborted(options.signal, rest(options, { dir, fleet, edits }));
    const jobs = [...new Set(edits.map(({ edit }) => edit.job))];
    const stored = await untilAborted(options.signal, lastLook(options, server, dir, jobs));
    await watch.end();
    const { warnings, ...witnessed } = readWitnesses(dir, options.engine);
    // PostgreSQL decides about several jobs concurrently.
    const eventOrder = options.engine === "redis" ? "all" : "job";
    return { history: { from, to: realNow(), eventOrder, ...stored, ...witnessed }, warnings };
  } finally {
    clearInterval(stalls);
    journal.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function planned({ seed, forMs, jobs }: CampaignOptions, beginAt: number): PlannedEdit[] {
  return planWorkload(new Random(seed), { beginAt, forMs, jobs });
}

/** Lets the fleet recover with every job active, then pauses every job and waits until nothing is left to do. */
async function rest(
  { system }: CampaignOptions,
  { dir, fleet, edits }: { dir: string; fleet: ChaosFleet; edits: readonly PlannedEdit[] },
): Promise<void> {
  const jobs = [...new Set(edits.map(({ edit }) => edit.job))];
  const everyJob = (kind: "resume" | "pause" | "clear", firstId: number): void => {
    for (const [i, job] of jobs.entries()) {
      if (kind === "clear" && !isOperated(job)) continue;
      const edit: Edit = { id: firstId + i, job, change: { kind } };
      fleet.schedulers[i % fleet.schedulers.length]?.ask(edit);
    }
  };
  await untilIdle(fleet);
  everyJob("clear", FIRST_END_EDIT);
  await untilIdle(fleet);
  everyJob("resume", FIRST_END_EDIT + jobs.length);
  await untilIdle(fleet);
  await pass(RECOVERY_MS + HEALTHY_MS);
  everyJob("pause", 2 * FIRST_END_EDIT);
  await untilIdle(fleet);
  if (system === "bare") await pass(RECOVERY_MS);
  else await untilHeard(dir);
}

async function untilIdle(fleet: ChaosFleet): Promise<void> {
  for (const until = Date.now() + QUIET_LIMIT_MS; Date.now() < until; await pass(POLL_MS)) {
    for (const slot of fleet.schedulers) slot.collect();
    if (fleet.schedulers.every(({ isIdle }) => isIdle)) return;
  }
}

/** Waits until the listener has caught up: its last event is as recent as the last answer to a client. */
async function untilHeard(dir: string): Promise<void> {
  for (const until = Date.now() + QUIET_LIMIT_MS; Date.now() < until; await pass(POLL_MS)) {
    const { heard, calls } = readWitnesses(dir, "redis");
    const pauses = calls.filter(({ edit }) => edit.change.kind === "pause");
    const lastPause = Math.max(
      0,
      ...pauses.filter(({ result }) => result === "ok").map(({ from }) => from),
    );
    const paused = heard.filter(({ name }) => name === "JOB_PAUSED");
    if (paused.some(({ time }) => time >= lastPause)) return;
  }
}

/** Everything that the accounts of the whole fleet find wrong. */
async function accountedWrong(engine: Engine): Promise<AccountedWrong[]> {
  const accounts = new Accounts(engine, "all");
  const found: AccountedWrong[] = [];
  for (let cursor: string | undefined, isMore = true; isMore;) {
    const part = await accounts.part({ from: 0, cursor }, "UTC");
    for (const problem of ["surplus", "unaccounted"] as const)
      for (const { jobId: job, fireTime } of part[problem].rows)
        found.push({ job, problem, fireAt: fireTime.getTime() });
    ({ cursor } = part);
    isMore = cursor !== undefined;
  }
  return found;
}

/** Reads the store until no run is open, or until open ones are bound to stay open. */
async function lastLook(
  { system }: CampaignOptions,
  server: ChaosServer,
  dir: string,
  jobs: readonly string[],
): Promise<Pick<History, "rows" | "open" | "days" | "accountedWrong">> {
  if (system === "bare") return { rows: [], open: [] };
  const engine = await openEngine(server, PREFIX);
  try {
    let open = await readOpen(engine, jobs);
    const isAtRest = (): boolean => open.every(mayWaitForJob);
    for (const until = Date.now() + QUIET_LIMIT_MS; !isAtRest() && Date.now() < until;) {
      await pass(POLL_MS);
      open = await readOpen(engine, jobs);
    }
    // The events of the last verdicts are still in transit.
    await pass(1_000);
    await untilHeard(dir);
    const rows = await readRows(engine, jobs);
    const days = await engine.stats.readDays({ jobIds: jobs, fromAt: 0, toAt: 8.64e15 });
    return { rows, open, days, accountedWrong: await accountedWrong(engine) };
  } finally {
    await engine.close();
  }
}

/** Waits for the work, or returns immediately when told to; disposing of the fleet undoes what the work still does. */
async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let end: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    end = () => reject(new Error("interrupted"));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", end);
    work.catch(() => undefined);
  }
}
