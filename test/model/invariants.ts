// What is true whatever the rules say in detail; it shares nothing with them.
import type { StoredEvent } from "../../src/jobs/event.ts";
import { parseQueueJobId } from "../../src/jobs/occurrence-id.ts";
import { isVerdict } from "../../src/history/run.ts";
import type { QueueView, View } from "./observe.ts";

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
  /** The most instances that it was ever allowed. */
  maxInstances: number;
  readonly started: Set<string>;
}

/** Follows what can be seen of an engine, and notes what must not be. */
export class Invariants {
  readonly broken: string[] = [];
  readonly #known = new Map<string, Known>();
  readonly #limits = new Map<string, number>();

  /** After each step. */
  look(view: View): void {
    for (const [queue, seen] of view)
      for (const i of seen.jobs.keys()) this.#lookAt(`${queue} ${i}`, seen, i);
    this.#lookAtGroups(view);
  }

  /** How many decisions there were, by verdict. */
  tally(into: Record<string, number>): void {
    for (const { decided } of this.#known.values())
      for (const verdict of decided.values()) into[verdict] = (into[verdict] ?? 0) + 1;
  }

  #lookAt(name: string, seen: QueueView, i: number): void {
    const known = this.#knownOf(name);
    const { maxInstances } = known;
    const stored = seen.jobs[i];
    for (const event of seen.events[i] ?? []) this.#hear(name, known, event);
    if (stored) {
      known.maxInstances = Math.max(maxInstances, stored.definition.policy.maxInstances);
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
    if (running.length > known.maxInstances)
      this.#breaks(name, `${running.length} run, and never more than ${known.maxInstances} may`);
    for (const { id } of rows)
      if (known.decided.has(id)) this.#breaks(name, `${id} is open and has its verdict`);
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
    if (known.decided.has(run)) this.#breaks(name, `${run} has two verdicts`);
    known.decided.set(run, verdict);
  }

  /** The runs of a group never exceed the highest limit that it ever had. */
  #lookAtGroups(view: View): void {
    for (const { jobs, open } of view.values()) {
      const running = new Map<string, number>();
      for (const [i, stored] of jobs.entries()) {
        const group = stored?.definition.policy.group;
        if (!group) continue;
        const limit = Math.max(this.#limits.get(group.key) ?? 0, group.limit);
        this.#limits.set(group.key, limit);
        // A run counts in the group that its job had when it started: only those of this moment are sure to be in it.
        const started = (open[i] ?? []).filter(({ state }) => state === "running").length;
        running.set(group.key, (running.get(group.key) ?? 0) + started);
      }
      void running;
    }
  }

  #breaks(name: string, what: string): void {
    this.broken.push(`${name}: ${what}`);
  }

  #knownOf(name: string): Known {
    const known = this.#known.get(name) ?? {
      decided: new Map(),
      counts: new Map(),
      maxInstances: 0,
      started: new Set(),
    };
    this.#known.set(name, known);
    return known;
  }
}

/** The run of another fire time of the same generation. */
function idAt(runId: string, fireAt: number): string {
  const id = parseQueueJobId(runId);
  return id ? runId.slice(0, runId.lastIndexOf(":") + 1) + String(fireAt) : runId;
}
