// What is true whatever the rules say in detail; it shares nothing with them.
import type { StoredEvent } from "../../src/jobs/event.ts";
import { parseQueueJobId, queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import type { StoredJob } from "../../src/jobs/definition.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import type { TriggerSpec } from "../../src/triggers/spec.ts";
import { isVerdict } from "../../src/history/run.ts";
import type { QueueView, View } from "./observe.ts";
import type { RecordedCall } from "./recorder.ts";
import { MANY } from "./step.ts";

const COUNTED: Readonly<Record<string, string>> = {
  JOB_EXECUTED: "succeeded",
  JOB_ERROR: "failed",
  JOB_CANCELLED: "cancelled",
  JOB_MISSED: "missed",
  JOB_SKIPPED: "skipped",
  JOB_MAX_INSTANCES: "skipped",
  JOB_COALESCED: "coalesced",
};

/** What is known of one job of one queue. */
interface Known {
  /** Verdicts by run, or by each fire time of what did not run. */
  readonly decided: Map<string, string>;
  /** Since the job was added, by verdict. */
  counts: Map<string, number>;
  /** Whether rows of its ledger were dropped: what a backfill ran it may run again then. */
  isCut: boolean;
  /** The generation that it has now, and its watermark when it was first seen. */
  generation: number;
  since: number;
  /** How often each fire time of this generation was decided. */
  covered: Map<number, number>;
  /** Fire times that were skipped on request: no span counts them. */
  readonly skipped: Set<number>;
  /** The only group that it ever had; `undefined` if there were several. */
  group: string | null | undefined;
  readonly started: Set<string>;
}

/** Follows what can be seen of an engine, and notes what must not be. */
export class Invariants {
  readonly broken: string[] = [];
  readonly #known = new Map<string, Known>();
  /** The most instances that each job was ever allowed, and the runs that each group was. */
  readonly #most = new Map<string, number>();
  readonly #limits = new Map<string, number>();

  /** After each step. @param calls that were made in it: some of what they declared may be gone again */
  look(view: View, calls: readonly RecordedCall[]): void {
    for (const { params } of calls) for (const one of params.flat()) this.#noteLimits(one);
    for (const [queue, seen] of view)
      for (const i of seen.jobs.keys()) this.#lookAt(`${queue} ${i}`, seen, i);
    this.#lookAtGroups(view);
  }

  /** How many decisions there were, by verdict. */
  tally(into: Record<string, number>): void {
    for (const { decided } of this.#known.values())
      for (const verdict of decided.values()) into[verdict] = (into[verdict] ?? 0) + 1;
  }

  #noteLimits(declared: unknown): void {
    const { definition } = (declared ?? {}) as Partial<Pick<StoredJob, "definition">>;
    if (!definition) return;
    const { id, policy } = definition;
    this.#most.set(id, Math.max(this.#most.get(id) ?? 0, policy.maxInstances));
    if (!policy.group) return;
    const { key, limit } = policy.group;
    this.#limits.set(key, Math.max(this.#limits.get(key) ?? 0, limit));
  }

  #lookAt(name: string, seen: QueueView, i: number): void {
    const known = this.#knownOf(name);
    const stored = seen.jobs[i];
    const events = seen.events[i] ?? [];
    for (const event of events) this.#hear(name, known, event);
    if (stored) {
      this.#lookAtFireTimes(name, known, stored, { events, open: seen.open[i] ?? [] });
      known.isCut ||= stored.definition.retention.count < MANY;
      for (const verdict of new Set([...known.counts.keys(), ...Object.keys(stored.counts)])) {
        const counted = (stored.counts as Record<string, number>)[verdict] ?? 0;
        const told = known.counts.get(verdict) ?? 0;
        if (counted !== told)
          this.#breaks(name, `${counted} ${verdict} are counted and ${told} were told`);
      }
    }
    const rows = seen.open[i] ?? [];
    const ids = rows.map(({ id }) => id);
    if (new Set(ids).size < ids.length) this.#breaks(name, "a run is open twice");
    const running = rows.filter(({ state, kind }) => state !== "queued" && kind !== "backfill");
    const most = stored ? (this.#most.get(stored.definition.id) ?? 0) : Infinity;
    if (running.length > most)
      this.#breaks(name, `${running.length} run, and never more than ${most} may`);
    for (const { id } of rows)
      if (known.decided.has(id) && !mayComeAgain(known, id))
        this.#breaks(name, `${id} is open and has its verdict`);
    this.#lookAtLedger(name, known, seen, i);
  }

  #lookAtLedger(name: string, known: Known, { ledgers }: QueueView, i: number): void {
    const rows = ledgers[i] ?? [];
    if (new Set(rows.map(({ id }) => id)).size < rows.length)
      this.#breaks(name, "a run has two rows");
    for (const { id, state, startedAt } of rows) {
      const verdict = known.decided.get(id);
      if (!isVerdict(state) || verdict !== state)
        this.#breaks(name, `${id} is ${state}, and was told to be ${verdict ?? "nothing"}`);
      if (startedAt !== undefined && !known.started.has(id))
        this.#breaks(name, `${id} ended and never started`);
    }
  }

  #hear(name: string, known: Known, { name: event, runId, fireAt, count = 1 }: StoredEvent): void {
    if (event === "JOB_ADDED") known.counts = new Map();
    if (event === "JOB_STARTED" && runId !== undefined) known.started.add(runId);
    const verdict = COUNTED[event];
    if (verdict === undefined) return;
    known.counts.set(verdict, (known.counts.get(verdict) ?? 0) + count);
    if (runId === undefined || fireAt === undefined) return;
    const run = event === "JOB_COALESCED" ? idAt(runId, fireAt) : runId;
    if (known.decided.has(run) && !mayComeAgain(known, run))
      this.#breaks(name, `${run} has two verdicts`);
    known.decided.set(run, verdict);
  }

  /** Each fire time up to the watermark has one verdict, or one run that will have it. */
  #lookAtFireTimes(
    name: string,
    known: Known,
    { definition, generation, watermark }: StoredJob,
    {
      events,
      open,
    }: { readonly events: readonly StoredEvent[]; readonly open: readonly LedgerRow[] },
  ): void {
    const { id: jobId, trigger } = definition;
    if (known.generation !== generation) {
      // What the change itself decided was of the generation before.
      Object.assign(known, { generation, since: watermark, covered: new Map() });
      return;
    }
    const cover = (id: string, fireAt: number, count: number): void => {
      const parsed = parseQueueJobId(id);
      if (parsed?.kind !== "occurrence" || parsed.sequence !== generation) return;
      for (const at of firesBefore(trigger, fireAt, count, known.skipped))
        known.covered.set(at, (known.covered.get(at) ?? 0) + 1);
    };
    for (const { fireAt, reason } of events)
      if (reason === "requested" && fireAt !== undefined) known.skipped.add(fireAt);
    for (const { name: event, runId, fireAt, count = 1 } of events)
      if (event in COUNTED && runId !== undefined && fireAt !== undefined)
        cover(runId, fireAt, count);
    for (const at of firesBetween(trigger, known.since, watermark)) {
      const id = queueJobIdOf({ jobId, kind: "occurrence", sequence: generation, fireAt: at });
      const times = (known.covered.get(at) ?? 0) + (open.some((row) => row.id === id) ? 1 : 0);
      if (times !== 1) this.#breaks(name, `${at} has ${times} verdicts or runs`);
    }
  }

  /** The runs of a group never exceed the highest limit that it ever had. */
  #lookAtGroups(view: View): void {
    for (const [queue, { jobs, open, events }] of view) {
      const running = new Map<string, number>();
      for (const [i, stored] of jobs.entries()) {
        const known = this.#knownOf(`${queue} ${i}`);
        const group = stored?.definition.policy.group ?? null;
        const isNew = events[i]?.some(({ name }) => name === "JOB_ADDED") && known.started.size > 0;
        // A run counts in the group that its job had when it started.
        if (known.group === null && known.started.size === 0) known.group = group?.key ?? null;
        else if (isNew || known.group !== (group?.key ?? null)) known.group = undefined;
        if (!group) continue;
        const name = group.key;
        if (known.group === undefined) continue;
        const held = (open[i] ?? []).filter(({ state }) => state !== "queued");
        running.set(name, (running.get(name) ?? 0) + held.length);
      }
      for (const [name, count] of running) {
        const limit = this.#limits.get(name) ?? 0;
        if (count > limit) this.#breaks(name, `${count} run in a group, and ${limit} may`);
      }
    }
  }

  #breaks(name: string, what: string): void {
    this.broken.push(`${name}: ${what}`);
  }

  #knownOf(name: string): Known {
    const known = this.#known.get(name) ?? {
      decided: new Map(),
      counts: new Map(),
      isCut: false,
      generation: 0,
      since: 0,
      covered: new Map(),
      skipped: new Set(),
      group: null,
      started: new Set(),
    };
    this.#known.set(name, known);
    return known;
  }
}

function mayComeAgain({ isCut }: Known, runId: string): boolean {
  return isCut && parseQueueJobId(runId)?.kind === "backfill";
}

/** The run of another fire time of the same generation. */
function idAt(runId: string, fireAt: number): string {
  const id = parseQueueJobId(runId);
  return id ? runId.slice(0, runId.lastIndexOf(":") + 1) + String(fireAt) : runId;
}

/** The fire times after one and up to another. */
function firesBetween(trigger: TriggerSpec, after: number, upTo: number): number[] {
  if (trigger.kind === "date")
    return trigger.runAt > after && trigger.runAt <= upTo ? [trigger.runAt] : [];
  if (trigger.kind !== "interval") throw new Error("only dates and intervals are tried");
  const { everyMs, anchorAt, endAt = Infinity } = trigger;
  const found: number[] = [];
  for (let at = anchorAt; at <= Math.min(upTo, endAt); at += everyMs)
    if (at > after) found.push(at);
  return found;
}

/** So many fire times that end at one; some others between them don't count. */
function firesBefore(
  trigger: TriggerSpec,
  fireAt: number,
  count: number,
  others: ReadonlySet<number>,
): number[] {
  const all = firesBetween(trigger, -1, fireAt);
  return all.filter((at) => at === fireAt || !others.has(at)).slice(-count);
}
