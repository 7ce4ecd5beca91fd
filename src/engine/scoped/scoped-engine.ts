import type { EpochMs } from "../../core/clock.ts";
import type { Scope } from "../../jobs/scope.ts";
import type * as Port from "../port/engine.ts";
import { Access } from "./access.ts";
import { listSeenRemoved } from "./list-seen-removed.ts";
import { ScopedJobs } from "./scoped-jobs.ts";
import { ScopedLedger } from "./scoped-ledger.ts";
import { ScopedStats } from "./scoped-stats.ts";

/** The sub-ports that people's calls go through. The others are for workers and for those who see everything. */
export type PeoplesEngine = Pick<
  Port.Engine,
  "backfills" | "changes" | "jobs" | "ledger" | "logs" | "now" | "requests" | "stats" | "steps"
> & {
  readonly events: Pick<Port.EventsPort, "append">;
};

/**
 * The fleet as somebody sees it: what belongs to others does not exist. Every call about a job passes through here, so no
 * caller has to think of it. Whoever sees everything uses the engine itself, which costs nothing.
 *
 * Between two steps a job may be given to somebody else. So a change takes its scope into its step; and what is read apart
 * from its owner is shown only if it is seen after it was read.
 */
export class ScopedEngine implements PeoplesEngine {
  readonly access: Access;
  readonly jobs: Port.JobsPort;
  readonly ledger: Port.LedgerPort;
  readonly stats: Port.StatsPort;
  readonly requests: Port.RequestsPort;
  readonly steps: Port.StepsPort;
  readonly logs: Port.LogsPort;
  readonly backfills: Port.BackfillsPort;
  readonly changes: Port.ChangesPort;
  readonly events: Pick<Port.EventsPort, "append">;
  readonly #engine: PeoplesEngine;

  /** @param scope Whose things are visible, and whose may be changed. */
  constructor(
    engine: PeoplesEngine,
    { sees, changes }: { readonly sees: Scope; readonly changes: Scope },
  ) {
    const access = new Access(engine, sees, changes);
    this.#engine = engine;
    this.access = access;
    this.jobs = new ScopedJobs(engine, access);
    this.ledger = new ScopedLedger(engine, access);
    this.stats = new ScopedStats(engine, access);
    this.events = { append: (events) => engine.events.append(events) };
    const { scope } = access;
    this.requests = {
      run: (request) => access.told(request.jobId, engine.requests.run({ ...request, scope })),
      cancel: (request) => {
        const cancelled = engine.requests.cancel({ ...request, scope });
        return access.told(request.jobId, cancelled, (outcome) => outcome === "unknown");
      },
    };
    this.steps = {
      save: (hold, step) => engine.steps.save(hold, step),
      read: async (jobId, runId) => {
        const found = await engine.steps.read(jobId, runId);
        return (await access.seesRun(jobId, runId)) ? found : [];
      },
    };
    this.logs = {
      append: (writes) => engine.logs.append(writes),
      read: async (query) => {
        const page = await engine.logs.read(query);
        const isSeen = await access.seesRun(query.jobId, query.runId);
        return isSeen ? page : { lines: [], cursor: query.after };
      },
      delete: async (jobId, before) => {
        await access.refuseFormer(jobId);
        const deleting = engine.logs.delete(jobId, before, scope);
        return access.told(jobId, deleting, (count) => count === 0);
      },
    };
    this.backfills = {
      add: (plan) => access.told(plan.jobId, engine.backfills.add({ ...plan, scope })),
      change: (jobId, change, by) =>
        access.told(jobId, engine.backfills.change(jobId, change, by, scope)),
      read: async (jobId) => {
        const found = await engine.backfills.read(jobId);
        const job = await access.job(jobId);
        if (!job || !found) return undefined;
        const isOver = found.state === "finished" || found.state === "cancelled";
        const isFormer = access.sees !== "all" && found.createdAt < (job.handedOver?.at ?? 0);
        // One that goes on is the new owner's business, too.
        return isOver && isFormer ? undefined : found;
      },
    };
    this.changes = {
      read: (_, cursor, limit) => engine.changes.read(access.sees, cursor, limit),
      readRevisions: (_, jobId) => engine.changes.readRevisions(access.sees, jobId),
      listRemoved: (cursor, limit) => listSeenRemoved(engine.changes, access.sees, cursor, limit),
      // Of what was allowed and has been done.
      note: (change) => engine.changes.note(change),
    };
  }

  now(): Promise<EpochMs> {
    return this.#engine.now();
  }
}
