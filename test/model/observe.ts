// The real fleet's state, in the model's terms.
import { isDeepStrictEqual } from "node:util";
import type { StoredJob } from "../../src/jobs/definition.ts";
import type { StoredEvent } from "../../src/jobs/event.ts";
import { parseQueueJobId, type QueueJobId, queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import { type ModelFleet, type Held, JOBS } from "./fleet.ts";
import {
  type Account,
  type Decision,
  manualRun,
  type Model,
  scheduledRun,
  type Told,
  type ModelQueueJob,
} from "./model.ts";
import type { Waiting } from "./place.ts";
import { fires, type Timetable } from "./timetable.ts";

interface SeenJob {
  readonly stored: StoredJob | undefined;
  readonly rows: readonly LedgerRow[];
  readonly open: readonly LedgerRow[];
}

/** Everything after a step. */
export interface Seen {
  readonly jobs: ReadonlyMap<string, SeenJob>;
  /** Since the previous observation. */
  readonly events: readonly StoredEvent[];
  readonly waiting: readonly Waiting[];
}

/** The reconciler's reports are no part of the model. */
const BESIDE = new Set(["JOB_REPAIRED", "JOB_OVERDUE"]);

/** Observes a fleet. */
export class Observer {
  readonly #fleet: ModelFleet;
  #cursor: string;

  private constructor(fleet: ModelFleet, cursor: string) {
    this.#fleet = fleet;
    this.#cursor = cursor;
  }

  static async open(fleet: ModelFleet): Promise<Observer> {
    return new Observer(fleet, await fleet.engine.events.latestCursor());
  }

  async look(): Promise<Seen> {
    const { engine, place } = this.#fleet;
    const ids = JOBS.map((job) => this.#fleet.idOf(job));
    const [stored, waiting, events, ...rest] = await Promise.all([
      engine.jobs.get(ids),
      place.queue.waiting(),
      this.#events(),
      ...ids.map((jobId) => Promise.all([this.#rows(jobId), engine.ledger.readOpenRuns(jobId)])),
    ]);
    return {
      jobs: new Map(
        JOBS.map((job, i) => {
          const [rows = [], open = []] = rest[i] ?? [];
          return [job, { stored: stored[i], rows, open }];
        }),
      ),
      events,
      waiting: waiting.filter(({ id }) => this.#jobOf(id) !== undefined).toSorted(inOrder),
    };
  }

  #rows(jobId: string): Promise<LedgerRow[]> {
    const query = { jobId, fromAt: 0, toAt: 8e15, offset: 0, limit: 100_000 };
    return this.#fleet.engine.ledger.read({ ...query, order: "oldest" });
  }

  async #events(): Promise<StoredEvent[]> {
    const { engine } = this.#fleet;
    const found: StoredEvent[] = [];
    const latest = await engine.events.latestCursor();
    // A read that finds nothing would wait.
    while (this.#cursor !== latest) {
      const batch = await engine.events.read("model", this.#cursor, 1);
      found.push(...batch.events.map(({ event }) => event));
      this.#cursor = batch.cursor;
    }
    return found.filter(
      ({ name, jobId = "" }) => !BESIDE.has(name) && this.#fleet.jobOf(jobId) !== undefined,
    );
  }

  #jobOf(queueJobId: string): string | undefined {
    return this.#fleet.jobOf(parseQueueJobId(queueJobId)?.jobId ?? "");
  }
}

/** The same order on every engine. */
function inOrder(a: Waiting, b: Waiting): number {
  return a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1);
}

/** Maps the model's names to real ones: generations are the server's numbers, schedules are counted. */
export class Names {
  readonly #fleet: ModelFleet;
  readonly #schedules: ReadonlyMap<string, ReadonlyMap<number, number>>;

  constructor(
    fleet: ModelFleet,
    schedules: ReadonlyMap<string, ReadonlyMap<number, number>> = new Map(),
  ) {
    this.#fleet = fleet;
    this.#schedules = schedules;
  }

  /**
   * Learns from an observation, assuming the model is right. After several concurrent changes only the last one's generation is stored:
   * which schedules the others are may be open.
   */
  learn(seen: Seen, model: Model): Names[] {
    let ways: Map<string, ReadonlyMap<number, number>>[] = [new Map()];
    for (const job of JOBS) {
      const stored = seen.jobs.get(job)?.stored;
      const account = model.account(job);
      const known = new Map(this.#schedules.get(job));
      if (stored && account.job) known.set(stored.generation, account.job.schedule);
      const unknown = this.#generations(job, seen).filter((one) => !known.has(one));
      const taken = new Set(known.values());
      const free = account.schedules.map((_, i) => i).filter((i) => !taken.has(i));
      const found = subsets(free, unknown.length)
        .map((schedules) => new Map([...known, ...unknown.map(pairWith(schedules))]))
        .filter(isInOrder);
      const taught = found.length > 0 ? found : [known];
      ways = ways.flatMap((way) => taught.map((schedules) => new Map([...way, [job, schedules]])));
    }
    return ways.map((schedules) => new Names(this.#fleet, schedules));
  }

  isLike(other: Names): boolean {
    return isDeepStrictEqual(this.#schedules, other.#schedules);
  }

  /** All that are named somewhere, in order. */
  #generations(job: string, seen: Seen): number[] {
    const { rows, open } = seen.jobs.get(job) ?? { rows: [], open: [] };
    const ids = [
      ...[...rows, ...open].map(({ id }) => id),
      ...seen.events.map(({ runId = "" }) => runId),
      ...seen.waiting.map(({ id }) => id),
    ].flatMap((id) => parseQueueJobId(id) ?? []);
    const own = ids.filter(
      ({ kind, jobId }) => kind === "occurrence" && jobId === this.#fleet.idOf(job),
    );
    return [...new Set(own.map(({ sequence }) => sequence))].toSorted((a, b) => a - b);
  }

  /** The job that a queue job belongs to, and what it stands for. */
  queueJob(queueJobId: string): { job: string; queueJob: ModelQueueJob } {
    const id = parseQueueJobId(queueJobId);
    const job = id && this.#fleet.jobOf(id.jobId);
    if (!id || job === undefined) throw new Error(`"${queueJobId}" is no queue job of this fleet`);
    const schedule = this.#schedule(job, id);
    return { job, queueJob: { id: queueJobId, kind: id.kind, schedule, fireAt: id.fireAt } };
  }

  run(runId: string): string {
    const id = parseQueueJobId(runId);
    if (id?.kind === "manual") return manualRun(id.sequence);
    if (!id) return runId;
    const job = this.#fleet.jobOf(id.jobId);
    return job === undefined ? runId : scheduledRun(this.#schedule(job, id), id.fireAt);
  }

  #schedule(job: string, id: QueueJobId): number {
    return this.#schedules.get(job)?.get(id.sequence) ?? -1;
  }
}

/** Every selection of this size from a list, in its order. */
function subsets(list: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return list.flatMap((first, i) =>
    subsets(list.slice(i + 1), size - 1).map((rest) => [first].concat(rest)),
  );
}

function pairWith(
  schedules: readonly number[],
): (generation: number, i: number) => [number, number] {
  return (generation, i) => [generation, schedules[i] ?? -1];
}

/** Later generations are later schedules. */
function isInOrder(schedules: ReadonlyMap<number, number>): boolean {
  const sorted = [...schedules].toSorted(([a], [b]) => a - b);
  return sorted.every(([, schedule], i) => i === 0 || schedule > (sorted[i - 1]?.[1] ?? -1));
}

/** The form in which model and reality are compared. */
export function viewOfModel(model: Model, fleet: ModelFleet): object {
  const alive = new Set(executed(fleet).map(({ queueJobId }) => queueJobId));
  const jobs = JOBS.map((name) => {
    const account = model.account(name);
    const { job } = account;
    return {
      name,
      job: job && {
        state: job.state,
        nextFireAt: model.nextFireAt(name),
        watermark: job.watermark,
        running: account.instances.size,
        counts: job.counts,
        lastRun: job.lastRun,
        pausedReason: job.pausedReason,
        timetable: job.timetable,
        rules: job.rules,
      },
      open: model.openRuns(name).toSorted(byRun),
      executed: [...account.instances]
        .flatMap(([by, { run, attempt }]) => (alive.has(by) ? [{ run, attempt, by }] : []))
        .toSorted(byRun),
      ledger: [...account.ledger.values()].toSorted(byRun),
    };
  });
  return { jobs, events: inAnyOrder(model.copy().hear()) };
}

/** The same of the real thing. Rows and events that stand for several occurrences are taken apart. */
export function viewOf(seen: Seen, names: Names, model: Model, fleet: ModelFleet): object {
  const jobs = JOBS.map((name) => {
    const { stored, rows, open } = seen.jobs.get(name) ?? { stored: undefined, rows: [], open: [] };
    const account = model.account(name);
    return {
      name,
      job: stored && {
        state: stored.state,
        nextFireAt: stored.nextFireAt,
        watermark: stored.watermark,
        running: stored.running,
        counts: stored.counts,
        lastRun: stored.lastRun && {
          run: names.run(stored.lastRun.id),
          verdict: stored.lastRun.verdict,
        },
        pausedReason: stored.pausedReason,
        timetable: timetableOf(stored),
        rules: {
          coalesce: stored.definition.policy.coalesce,
          maxInstances: stored.definition.policy.maxInstances,
          graceMs: stored.definition.policy.misfireGraceMs,
          maxCatchUp: stored.definition.policy.maxCatchUp,
        },
      },
      open: open.map(({ id, state }) => ({ run: names.run(id), state })).toSorted(byRun),
      executed: executed(fleet)
        .filter(({ queueJobId }) => names.queueJob(queueJobId).job === name)
        .map(({ runId, attempt, queueJobId }) => ({
          run: names.run(runId),
          attempt,
          by: queueJobId,
        }))
        .toSorted(byRun),
      ledger: rows.flatMap((row) => decisionsOf(row, names, account)).toSorted(byRun),
    };
  });
  const told = seen.events.flatMap((event) => toldOf(event, names, model, fleet));
  return { jobs, events: inAnyOrder(told) };
}

function timetableOf({ definition: { trigger } }: StoredJob): Timetable | undefined {
  if (trigger.kind === "date") return { kind: "once", runAt: trigger.runAt };
  if (trigger.kind !== "interval") return undefined;
  const { everyMs, anchorAt, endAt } = trigger;
  return { kind: "every", everyMs, startAt: anchorAt, endAt: endAt ?? null };
}

/** The runs that workers execute under a lock. */
function executed(fleet: ModelFleet): readonly Held[] {
  return fleet.held.filter(({ isLost }) => !isLost);
}

function decisionsOf(row: LedgerRow, names: Names, account: Account): Decision[] {
  const { kind, state, reason, coalescedInto, attempt } = row;
  const decision = {
    kind,
    verdict: state as Decision["verdict"],
    at: row.startedAt ?? row.decidedAt ?? 0,
    ...(reason === undefined ? {} : { reason }),
    ...(coalescedInto === undefined ? {} : { into: names.run(coalescedInto) }),
    ...(attempt === undefined ? {} : { attempt }),
  };
  const last = { run: names.run(row.id), fireAt: row.fireAt, ...decision };
  if (row.count === undefined) return [last];
  const times = before(row.fireAt, row.count, names.queueJob(row.id).queueJob.schedule, account);
  // A span whose ends and count do not fit stands out.
  if (times[0] !== row.fromAt) return [{ ...last, run: `${last.run} from ${row.fromAt}` }];
  const { schedule } = names.queueJob(row.id).queueJob;
  return times.map((fireAt) =>
    Object.assign({ run: scheduledRun(schedule, fireAt), fireAt }, decision),
  );
}

function toldOf(event: StoredEvent, names: Names, model: Model, fleet: ModelFleet): Told[] {
  const { name, jobId = "", runId, fireAt, attempt, reason, count = 1 } = event;
  const job = fleet.jobOf(jobId) ?? jobId;
  const told = {
    name,
    job,
    ...(attempt === undefined ? {} : { attempt }),
    ...(reason === undefined ? {} : { reason }),
  };
  if (runId === undefined || fireAt === undefined) return [told];
  if (count === 1) return [{ ...told, run: names.run(runId), fireAt }];
  const { schedule } = names.queueJob(runId).queueJob;
  const isInto = name === "JOB_COALESCED";
  return before(fireAt, count, schedule, model.account(job)).map((at) =>
    Object.assign(
      { run: isInto ? names.run(runId) : scheduledRun(schedule, at), fireAt: at },
      told,
    ),
  );
}

/** The fire times of a schedule that end at a given one. */
function before(fireAt: number, count: number, schedule: number, account: Account): number[] {
  const timetable = account.schedules[schedule];
  const found = timetable ? fires(timetable, -1, fireAt).slice(-count) : [];
  return found.length === count && found.at(-1) === fireAt ? found : [];
}

function byRun(a: { run: string }, b: { run: string }): number {
  return a.run < b.run ? -1 : a.run > b.run ? 1 : 0;
}

/** Manual runs that a removal skips have no order among each other. */
function inAnyOrder(told: readonly Told[]): Told[] {
  const isFree = ({ name, run = "", reason }: Told): boolean =>
    name === "JOB_SKIPPED" && reason === "removed" && run.startsWith("manual");
  return told
    .map((event, i) => ({ event, group: isFree(event) ? told.findIndex(isFree) : i }))
    .toSorted(
      (a, b) => a.group - b.group || byRun({ run: "", ...a.event }, { run: "", ...b.event }),
    )
    .map(({ event }) => event);
}

/** What would stop for good, or until the reconciler's next pass, because no queue job will wake it. */
export function unheard(seen: Seen, model: Model, fleet: ModelFleet): string[] {
  const waiting = new Set(seen.waiting.map(({ id }) => id));
  const found: string[] = [];
  const lost = [...fleet.lost].map((id) => parseQueueJobId(id));
  for (const name of JOBS) {
    const { job, instances, pending, asked } = model.account(name);
    const jobId = fleet.idOf(name);
    const isLost = (kind: ModelQueueJob["kind"]): boolean =>
      lost.some((id) => id?.jobId === jobId && id.kind === kind);
    const fireAt = model.nextFireAt(name);
    const sequence = seen.jobs.get(name)?.stored?.generation ?? 0;
    if (
      fireAt !== null &&
      !isLost("occurrence") &&
      !waiting.has(queueJobIdOf({ jobId, kind: "occurrence", sequence, fireAt }))
    )
      found.push(`${name}: nothing waits for its next occurrence`);
    const isFree = job !== undefined && instances.size < job.rules.maxInstances;
    const isCalled = [...waiting].some((id) => {
      const parsed = parseQueueJobId(id);
      return parsed?.jobId === jobId && parsed.kind === "wakeup";
    });
    if (pending.length > 0 && isFree && !isCalled && !isLost("wakeup"))
      found.push(`${name}: an instance is free and nothing calls for what is queued`);
    for (const id of asked.keys())
      if (!waiting.has(id) && !fleet.lost.has(id)) found.push(`${name}: ${id} will not be taken`);
    for (const id of instances.keys()) {
      const isHeld = fleet.held.some((held) => held.queueJobId === id && !held.isLost);
      if (!isHeld && !waiting.has(id) && !fleet.lost.has(id))
        found.push(`${name}: the instance of ${id} has leaked`);
    }
  }
  return found;
}
