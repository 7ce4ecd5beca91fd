import { END_OF_TIME, type EpochMs, START_OF_TIME } from "../core/clock.ts";
import type { Engine, JobsPort, RequestsPort } from "../engine/port/engine.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { parseQueueJobId } from "../jobs/occurrence-id.ts";

/** Rows of a job's ledger among which a run is looked for that was asked for already. */
const RECENT_ROWS = 50;

/**
 * An engine that says what it would do, so that a dry run takes the way of the call itself and tells exactly what that would
 * change. What it reads is of one moment, and jobs are read many at a time.
 */
export class DryRun implements Pick<Engine, "jobs" | "now" | "requests"> {
  readonly jobs: JobsPort;
  readonly requests: RequestsPort;
  readonly #engine: Pick<Engine, "jobs" | "now">;
  #known: ReadonlyMap<string, StoredJob | undefined> = new Map();
  #now: EpochMs | undefined;

  constructor(engine: Pick<Engine, "jobs" | "ledger" | "now">) {
    const { jobs } = engine;
    this.#engine = engine;
    this.jobs = {
      put: async (puts) => puts.map(() => ({ outcome: "same" })),
      change: async () => ({ outcome: "changed", generation: 0 }),
      remove: async () => "removed",
      changeSkip: async () => "missing",
      get: async (ids) => ids.map((id) => this.#known.get(id)),
      readDefinitions: async (ids) => ids.map((id) => this.#known.get(id)),
      list: (query, scope) => jobs.list(query, scope),
      tally: (query, scope) => jobs.tally(query, scope),
      count: () => jobs.count(),
    };
    this.requests = {
      run: async ({ jobId, sequence }) => ({
        runId: "",
        isNew: !(await hasRun(engine.ledger, jobId, sequence)),
      }),
      cancel: async () => "unknown",
    };
  }

  /** Reads the jobs of which something is asked next. */
  async load(ids: readonly string[]): Promise<void> {
    const jobs = await this.#engine.jobs.get(ids);
    this.#known = new Map(ids.map((id, i) => [id, jobs[i]]));
  }

  async now(): Promise<EpochMs> {
    return (this.#now ??= await this.#engine.now());
  }
}

/** Whether a run with this number was asked for already. */
async function hasRun(ledger: Engine["ledger"], jobId: string, sequence: number): Promise<boolean> {
  const whole = { jobId, fromAt: START_OF_TIME, toAt: END_OF_TIME, offset: 0 } as const;
  const [open, ended] = await Promise.all([
    ledger.readOpenRuns(jobId),
    ledger.read({ ...whole, limit: RECENT_ROWS, order: "latest" }),
  ]);
  return [...open, ...ended].some(({ id }) => {
    const run = parseQueueJobId(id);
    return run?.kind === "manual" && run.sequence === sequence;
  });
}
