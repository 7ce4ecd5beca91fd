// A fleet on plain data: what `src/jobs/decide` makes of the calls that an engine gets.
import {
  addBackfill,
  admit,
  audit,
  backfillState,
  cancelRun,
  changeBackfill,
  changeJob,
  changeSkip,
  emptyState,
  handBack,
  noteAlive,
  openRuns,
  putJobs,
  type QueueState,
  readCancels,
  readLedger,
  removeJob,
  requestRun,
  settle,
  type Step,
  stepOn,
  storedJob,
  suspend,
  tellOverdue,
} from "../../src/jobs/decide.ts";
import type { Engine } from "../../src/engine/port/engine.ts";
import type { ClaimedPut, ClaimResult, QueueEngine } from "../../src/engine/port/queue-engine.ts";
import type { StoredJob } from "../../src/jobs/definition.ts";
import type { StoredEvent } from "../../src/jobs/event.ts";
import { DEFAULT_QUEUE } from "../../src/jobs/queue.ts";
import { nextNumber } from "../../src/jobs/decide/step.ts";
import { lineAt, type PlainLine } from "./plain-line.ts";

/** One queue, as plain data. */
export interface PlainQueue {
  readonly state: QueueState;
  readonly line: PlainLine;
  readonly events: StoredEvent[];
}

/** Queues by name; they share the numbers. */
export type PlainFleet = Map<string, PlainQueue>;

type Params<K extends keyof Engine, M> = Engine[K] extends object
  ? M extends keyof Engine[K]
    ? Engine[K][M] extends (...params: infer P) => unknown
      ? P
      : never
    : never
  : never;

/** An empty fleet. */
export function emptyFleet(): PlainFleet {
  return new Map();
}

/** A queue of a fleet, made when it is first asked for. */
export function queueOfFleet(fleet: PlainFleet, name: string): PlainQueue {
  const known = fleet.get(name);
  if (known) return known;
  const [first] = fleet.values();
  const queue = { state: emptyState(first?.state.numbers), line: new Map(), events: [] };
  fleet.set(name, queue);
  return queue;
}

/** What the raw queue does, by hand. */
const BY_HAND: Readonly<Record<string, (line: PlainLine, id: string, dueAt: number) => unknown>> = {
  // What was dropped meanwhile no worker gets.
  "line.activate": (line, id) => line.has(id) && !!line.set(id, { state: "active", dueAt: 0 }),
  "line.delay": (line, id, dueAt) => void line.set(id, { state: "delayed", dueAt }),
  "line.remove": (line, id) => void line.delete(id),
};

/** Calls that say nothing about the rules. */
const BESIDE =
  /^(?:open|close|now|ask|health|members\.|logs\.|stats\.|steps\.read|changes\.read|ledger\.readMany|transfer\.|events\.(?!append)|queue\.(?!add)|jobs\.(?:list|tally|count)$)/;

/** The answer of a method that the rules say nothing about. */
export const UNKNOWN = Symbol("unknown");

/**
 * Applies a call of a queue's engine to the fleet. All of `params` are in the reference's numbers.
 * @returns the answer, which may be part of the state, or {@link UNKNOWN}
 */
export function applyCall(
  fleet: PlainFleet,
  queueName: string,
  path: string,
  params: readonly unknown[],
  now: number,
): unknown {
  if (BESIDE.test(path)) return UNKNOWN;
  const queue = queueOfFleet(fleet, queueName);
  const { state, line, events } = queue;
  const byHand = BY_HAND[path];
  if (byHand) return byHand(line, String(params[0]), Number(params[1]));
  const step = stepOn(state, lineAt(line, now), now);
  const method = METHODS[path];
  if (!method) throw new Error(`the reference has no ${path}`);
  const answer = method(step, params, fleet);
  events.push(...step.events);
  return answer;
}

type Method = (step: Step, params: readonly unknown[], fleet: PlainFleet) => unknown;

/** A method whose parameters have the types of the port's. */
function of<K extends keyof Engine, M extends keyof Engine[K]>(
  _port: K,
  _method: M,
  apply: (step: Step, ...params: Params<K, M>) => unknown,
): Method {
  return (step, params) => apply(step, ...(params as Params<K, M>));
}

const METHODS: Readonly<Record<string, Method>> = {
  "jobs.put": of("jobs", "put", putJobs),
  "jobs.change": of("jobs", "change", changeJob),
  "jobs.remove": of("jobs", "remove", removeJob),
  "jobs.changeSkip": of("jobs", "changeSkip", changeSkip),
  "jobs.get": of("jobs", "get", ({ state }, ids) => ids.map((id) => found(state, id))),
  "jobs.readDefinitions": of("jobs", "readDefinitions", ({ state }, ids) =>
    ids.map((id) => {
      const job = found(state, id);
      if (!job) return undefined;
      const { definition, revision, generation, skips } = job;
      return { definition, revision, generation, skips };
    }),
  ),
  "requests.run": of("requests", "run", requestRun),
  "requests.cancel": of("requests", "cancel", cancelRun),
  "runs.admit": of("runs", "admit", admit),
  "runs.settle": of("runs", "settle", settle),
  "runs.suspend": of("runs", "suspend", suspend),
  "runs.handBack": of("runs", "handBack", handBack),
  "runs.noteAlive": of("runs", "noteAlive", noteAlive),
  "runs.readCancels": of("runs", "readCancels", ({ state }, holds) => readCancels(state, holds)),
  "steps.save": of("steps", "save", (step, hold) => {
    const run = step.state.running.get(hold.jobId)?.get(hold.queueJobId);
    if (run?.id === hold.runId && run.start === hold.start) return "saved";
    noteAlive(step, hold);
    return "fenced";
  }),
  "backfills.add": of("backfills", "add", addBackfill),
  "backfills.change": of("backfills", "change", changeBackfill),
  "backfills.read": of("backfills", "read", ({ state }, id) => backfillState(state, id)),
  "ledger.read": of("ledger", "read", ({ state, now }, query) => readLedger(state, query, now)),
  "ledger.readOpenRuns": of("ledger", "readOpenRuns", ({ state }, id) => openRuns(state, id)),
  "queue.add": of("queue", "add", ({ queue }, queueJobs) => {
    for (const { id, pipeline, dueAt } of queueJobs) queue.add(id, pipeline, dueAt);
  }),
  "events.append": of("events", "append", ({ events }, appended) => void events.push(...appended)),
  "healing.audit": of("healing", "audit", audit),
  "healing.tellOverdue": of("healing", "tellOverdue", tellOverdue),
  "directory.queues": (_step, _params, fleet) =>
    [...fleet.keys()].filter((name) => name !== DEFAULT_QUEUE),
  "directory.addQueue": (_step, [name], fleet) => void queueOfFleet(fleet, String(name)),
  "directory.claim": (step, params) => claim(step, ...(params as DirectoryParams<"claim">)),
  "directory.find": ({ state }, [ids]) =>
    (ids as string[]).map((id) => {
      const home = state.homes.get(id);
      return home && { queue: home.queue, number: home.claim };
    }),
  "directory.release": ({ state }, [jobId, number]) => {
    if (state.homes.get(String(jobId))?.claim === number) state.homes.delete(String(jobId));
  },
  "directory.putClaimed": (step, [puts]) => putJobs(step, puts as ClaimedPut[]),
  "directory.fence": ({ state }, [jobId, number]) => {
    if (state.jobs.has(String(jobId))) return "exists";
    state.fence.claim = Math.max(state.fence.claim, Number(number));
    return {};
  },
};

type DirectoryParams<M extends keyof QueueEngine["directory"]> = Parameters<
  QueueEngine["directory"][M]
>;

function claim(step: Step, queue: string, jobIds: readonly string[]): ClaimResult[] {
  const { jobs, homes } = step.state;
  return jobIds.map((id): ClaimResult => {
    if (jobs.has(id)) return { outcome: "exists" };
    const home = homes.get(id);
    if (home && home.queue !== queue)
      return { outcome: "elsewhere", claim: { queue: home.queue, number: home.claim } };
    const number = nextNumber(step);
    homes.set(id, { queue, claim: number });
    return { outcome: "claimed", number };
  });
}

function found(state: QueueState, id: string): StoredJob | undefined {
  const job = state.jobs.get(id);
  return job && storedJob(state, job);
}
