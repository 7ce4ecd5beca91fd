// What can be seen of an engine after a step, and the same of the reference.
import type { BackfillState } from "../../src/jobs/backfill-requests.ts";
import { backfillState, openRuns, readDays, readLedger, storedJob } from "../../src/jobs/decide.ts";
import type { StoredJob } from "../../src/jobs/definition.ts";
import type { StoredEvent } from "../../src/jobs/event.ts";
import type { JobDays } from "../../src/jobs/roll-up.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import { parseQueueJobId } from "../../src/jobs/occurrence-id.ts";
import type { QueueEngine } from "../../src/engine/port/queue-engine.ts";
import type { ModelFleet } from "./fleet.ts";
import type { Waiting } from "./place.ts";
import type { RecordedCall } from "./recorder.ts";
import { type PlainFleet, queueOfFleet } from "./reference.ts";

/** One queue, as far as it is this fleet's. */
export interface QueueView {
  readonly jobs: readonly (StoredJob | undefined)[];
  readonly backfills: readonly (BackfillState | undefined)[];
  readonly open: readonly (readonly LedgerRow[])[];
  readonly ledgers: readonly (readonly LedgerRow[])[];
  /** Roll-ups of all rows that there ever were. */
  readonly days: readonly JobDays[];
  /** Of each job, since the view before. */
  readonly events: readonly (readonly StoredEvent[])[];
  /** Those that stand for a run. */
  readonly waiting: readonly Waiting[];
  readonly wakeups: readonly Waiting[];
}

/** Queues by name. */
export type View = ReadonlyMap<string, QueueView>;

/** Calls that change nothing. */
const READS =
  /^(?:now|jobs\.(?:get|readDefinitions|list|tally|count)|ledger\..*|stats\..*|directory\.(?:find|queues)|runs\.readCancels|requests\.cancel|backfills\.read|healing\.audit)$/;

const ALL = { fromAt: 0, toAt: 8e15, offset: 0, limit: 100_000, order: "oldest" } as const;

/** Observes a fleet. */
export class Observer {
  readonly #fleet: ModelFleet;
  readonly #cursors = new Map<string, string>();
  /** The queues that may hold something. */
  readonly #touched = new Set<string>();

  private constructor(fleet: ModelFleet) {
    this.#fleet = fleet;
  }

  static async open(fleet: ModelFleet): Promise<Observer> {
    const observer = new Observer(fleet);
    for (const [queue, engine] of observer.#engines)
      observer.#cursors.set(queue, await engine.events.latestCursor());
    return observer;
  }

  /** @param calls Made since the view before: what they did not touch is not read. */
  async look(calls: readonly RecordedCall[], before: View): Promise<View> {
    for (const { queue, path } of calls) if (!READS.test(path)) this.#touched.add(queue);
    const views = [...this.#engines].map(async ([queue, engine]) => {
      const known = before.get(queue);
      const isTouched = calls.length > 0 && this.#touched.has(queue);
      const same = known && { ...known, events: known.events.map(() => []) };
      return [queue, isTouched || !same ? await this.#view(queue, engine) : same] as const;
    });
    return new Map(await Promise.all(views));
  }

  get #engines(): ReadonlyMap<string, QueueEngine> {
    const [first] = this.#fleet.place.engines;
    if (!first) throw new Error("there is no engine");
    return first;
  }

  async #view(queue: string, engine: QueueEngine): Promise<QueueView> {
    const ids = this.#fleet.jobIds;
    const { known } = this.#fleet;
    const each = <T>(read: (jobId: string) => Promise<T>, none: T): Promise<T[]> =>
      Promise.all(ids.map((id) => (known.has(id) ? read(id) : none)));
    const [jobs, backfills, open, ledgers, days, events, line] = await Promise.all([
      engine.jobs.get(ids),
      each((jobId) => engine.backfills.read(jobId), undefined),
      each((jobId) => engine.ledger.readOpenRuns(jobId), []),
      each((jobId) => engine.ledger.read({ jobId, ...ALL }), []),
      engine.stats.readDays({ jobIds: ids, ...ALL }),
      this.#events(queue, engine),
      this.#fleet.place.lines.get(queue)?.waiting() ?? [],
    ]);
    return inOrder(ids, { jobs, backfills, open, ledgers, days, events, line });
  }

  async #events(queue: string, { events }: QueueEngine): Promise<StoredEvent[]> {
    const found: StoredEvent[] = [];
    const latest = await events.latestCursor();
    // A read that finds nothing would wait.
    for (let cursor = this.#cursors.get(queue) ?? ""; cursor !== latest;) {
      const batch = await events.read("model", cursor, 1);
      found.push(...batch.events.map(({ event }) => event));
      cursor = batch.cursor;
    }
    this.#cursors.set(queue, latest);
    return found;
  }
}

/** The same of the reference. Its events are taken away. */
export function viewOf(
  fleet: PlainFleet,
  queues: Iterable<string>,
  ids: readonly string[],
  now: number,
): View {
  const view = (queue: string): QueueView => {
    const { state, line, events } = queueOfFleet(fleet, queue);
    const waiting = [...line].filter(([, { state: is }]) => is !== "active");
    const jobs = ids.map((id) => state.jobs.get(id));
    return inOrder(ids, {
      jobs: jobs.map((job) => job && storedJob(state, job)),
      backfills: ids.map((id) => backfillState(state, id)),
      open: ids.map((id) => openRuns(state, id)),
      ledgers: ids.map((jobId) => readLedger(state, { jobId, ...ALL }, now)),
      days: readDays(state, { jobIds: ids, ...ALL }, now),
      events: events.splice(0),
      line: waiting.map(([id, { state: is, dueAt }]) => ({
        id,
        dueAt: is === "delayed" ? dueAt : 0,
      })),
    });
  };
  return new Map([...queues].map((queue) => [queue, view(queue)]));
}

type Unordered = Pick<QueueView, "jobs" | "backfills" | "open" | "ledgers" | "days"> & {
  readonly events: readonly StoredEvent[];
  readonly line: readonly Waiting[];
};

/** In the same order on every engine. */
function inOrder(ids: readonly string[], { events, line, open, ...rest }: Unordered): QueueView {
  const own = line.filter(({ id }) => ids.includes(parseQueueJobId(id)?.jobId ?? ""));
  const isWakeup = ({ id }: Waiting): boolean => parseQueueJobId(id)?.kind === "wakeup";
  return {
    ...rest,
    open: open.map((rows) => rows.toSorted(byId)),
    days: ids.flatMap((id) => rest.days.find(({ jobId }) => jobId === id) ?? []),
    events: ids.map((id) => inAnyOrder(events.filter(({ jobId }) => jobId === id))),
    waiting: own.filter((one) => !isWakeup(one)).toSorted(byId),
    wakeups: own.filter(isWakeup).toSorted(byId),
  };
}

/** Whatever its number is, as long as those of both sides grow. */
export function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  const [one, other] = [parseQueueJobId(a.id), parseQueueJobId(b.id)];
  if (!one || !other) return a.id < b.id ? -1 : 1;
  if (one.jobId !== other.jobId) return one.jobId < other.jobId ? -1 : 1;
  if (one.kind !== other.kind) return one.kind < other.kind ? -1 : 1;
  return one.fireAt - other.fireAt || one.sequence - other.sequence;
}

/** Manual runs that a removal skips, and runs that it cancels, have no order among each other. */
function inAnyOrder(events: readonly StoredEvent[]): StoredEvent[] {
  const isFree = ({ name, runId = "", reason }: StoredEvent): boolean =>
    name === "JOB_CANCELLED" ||
    (name === "JOB_SKIPPED" && reason === "removed" && parseQueueJobId(runId)?.kind === "manual");
  const free = events
    .filter(isFree)
    .toSorted((a, b) => byId({ id: a.runId ?? "" }, { id: b.runId ?? "" }));
  return events.map((event) => (isFree(event) ? (free.shift() ?? event) : event));
}
