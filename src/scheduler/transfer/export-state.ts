import type { Clock, EpochMs } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import { jobsIn } from "../../conditions/condition.ts";
import type { Engine } from "../../engine/port/engine.ts";
import type { Actor } from "../../jobs/actor.ts";
import type { ExportedJob } from "../../engine/port/transfer.ts";
import { STATE_VERSION, type StateHeader } from "../../jobs/state-header.ts";
import {
  type DocumentRecord,
  type JobRecord,
  type LedgerRecord,
  type LogRecord,
  type RemovedJobRecord,
  type RevisionRecord,
  type RunStepRecord,
  noCounts,
  type StateRecord,
} from "../../jobs/state-record.ts";
import { secretsOf, withoutSecrets } from "../../history/secrets-of-job.ts";
import type { PipelineRegistry } from "../../pipeline/registry.ts";
import { type StoppedFleet, stopFleet } from "./drain.ts";
import { type ExportSettings, noSuchJobs, type Selection } from "./export-options.ts";
import { type HistoryEngine, ledgerOf, logOf, stepsOf } from "./history-reader.ts";
import type { JobMask } from "./masking/job-mask.ts";
import { maskSettings, StateMask } from "./masking/state-mask.ts";
import { ownerKey } from "./state-checker.ts";
import { MAX_LINE_CHARS } from "./state-lines.ts";

/** Jobs per round trip; each may have 256 KiB of params. */
const JOBS_A_PAGE = 100;

/** Documents per round trip; each may have 64 KiB. */
const DOCUMENTS_A_PAGE = 100;

/** The parts of an engine that an export reads. */
type ExportEngine = Pick<
  Engine,
  | "changes"
  | "documents"
  | "events"
  | "jobs"
  | "label"
  | "ledger"
  | "logs"
  | "now"
  | "queue"
  | "serve"
  | "steps"
  | "transfer"
>;

/** What an export needs. */
export interface ExportParts {
  readonly engine: ExportEngine;
  readonly clock: Clock;
  /** Knows the schemas of params that are masked. */
  readonly registry: Pick<PipelineRegistry, "get">;
  /** Who exports. */
  readonly by: Actor;
}

/**
 * Reads a fleet's state line by line on demand. The fleet stands still meanwhile; if the reader stops early or the
 * export fails, the fleet is restored.
 * @yields Lines of NDJSON with their line breaks.
 */
export async function* exportState(
  { engine, clock, registry, by }: ExportParts,
  settings: ExportSettings,
): AsyncGenerator<string, void> {
  const { drain, resume, signal } = settings;
  const masked = maskSettings(settings);
  const mask = masked && new StateMask(masked, registry);
  const jobIds = settings.jobs && (await closureOf(engine, settings.jobs));
  const selection = { jobIds, since: settings.since, hasLogs: settings.logs };
  const fleet = await stopFleet({
    engine,
    clock,
    drainMs: drain,
    isTolerant: !!mask,
    signal,
    by,
  });
  let isWhole = false;
  try {
    yield* new StateReader({ engine, registry, mask, selection, fleet, signal }).lines();
    isWhole = true;
  } finally {
    if (resume || !isWhole) await fleet.goOn();
  }
}

/** The jobs, and those that their conditions ask about. @throws {@link CronduitError} `JOB_NOT_FOUND` */
async function closureOf(
  engine: Pick<Engine, "jobs">,
  wanted: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const asked = new Set(wanted);
  let open = [...asked];
  while (open.length > 0) {
    const jobs = await engine.jobs.get(open);
    const missing = open.filter((id, i) => !jobs[i] && wanted.includes(id));
    if (missing.length > 0) throw noSuchJobs(missing);
    const stored = jobs.flatMap((job) => job?.definition ?? []);
    for (const { id } of stored) found.add(id);
    open = stored
      .flatMap(({ policy }) => (policy.when ? jobsIn(policy.when.condition) : []))
      .filter((id) => !asked.has(id) && asked.add(id));
  }
  return found;
}

interface ReaderParts {
  readonly engine: ExportEngine;
  readonly registry: ExportParts["registry"];
  readonly mask: StateMask | undefined;
  readonly selection: Selection;
  readonly fleet: StoppedFleet;
  readonly signal: AbortSignal | undefined;
}

/** Reads a fleet that stands still. */
class StateReader {
  readonly #engine: ExportEngine;
  readonly #registry: ExportParts["registry"];
  readonly #mask: StateMask | undefined;
  readonly #selection: Selection;
  readonly #fleet: StoppedFleet;
  readonly #signal: AbortSignal | undefined;
  readonly #counts = noCounts();
  #startedAt: EpochMs = 0;

  constructor({ engine, registry, mask, selection, fleet, signal }: ReaderParts) {
    this.#engine = engine;
    this.#registry = registry;
    this.#mask = mask;
    this.#selection = selection;
    this.#fleet = fleet;
    this.#signal = signal;
  }

  async *lines(): AsyncGenerator<string, void> {
    const { transfer } = this.#engine;
    // A cursor may return a job twice.
    const given = new Set<string>();
    let cursor: string | undefined;
    let stamp: string | undefined;
    do {
      this.#signal?.throwIfAborted();
      const page = await transfer.exportJobs(cursor, JOBS_A_PAGE);
      if (stamp === undefined) yield await this.#header(page.sequence);
      else if (stamp !== page.stamp) throw changed("a job was changed");
      ({ stamp, cursor } = page);
      const { queue } = page;
      // Whatever a job left on a former queue is exported separately.
      const ofQueue =
        queue === undefined ? this.#engine : ((await this.#engine.serve?.(queue)) ?? this.#engine);
      for (const exported of page.jobs) {
        const key = ownerKey(idOf(exported.owner), queue);
        if (given.has(key) || !this.#isWanted(exported.owner)) continue;
        given.add(key);
        yield* this.#job(ofQueue, exported);
      }
    } while (cursor !== undefined);
    for await (const record of this.#documents()) {
      this.#signal?.throwIfAborted();
      this.#counts.document += 1;
      yield line(record);
    }
    await this.#refuseIfMoving(stamp);
    yield line({ kind: "end", counts: this.#counts });
  }

  async *#job(
    engine: HistoryEngine,
    { owner, requests }: ExportedJob,
  ): AsyncGenerator<string, void> {
    const stopped = this.#handedBack(owner);
    const mask = await this.#mask?.ofJob(stopped, requests);
    for (const record of mask?.records ?? [stopped, ...requests]) {
      this.#counts[record.kind] += 1;
      yield line(record);
    }
    for await (const record of this.#history(engine, owner, mask)) {
      this.#signal?.throwIfAborted();
      this.#counts[record.kind] += 1;
      yield line(record);
    }
  }

  /**
   * They belong to the whole fleet, and nobody knows what of them may be seen.
   * @yields Documents that move.
   */
  async *#documents(): AsyncGenerator<DocumentRecord, void> {
    if (this.#mask || this.#selection.jobIds) return;
    let cursor: string | undefined;
    do {
      const page = await this.#engine.documents.list("", cursor, DOCUMENTS_A_PAGE);
      for (const { key, value, expiresAt, stays } of page.documents) {
        if (stays) continue;
        const moved = { kind: "document", key, value } as const;
        yield expiresAt === undefined ? moved : { ...moved, expiresAt };
      }
      ({ cursor } = page);
    } while (cursor !== undefined);
  }

  /** @yields The steps of a job's runs, the rows of its ledger, logs, and the job's changes. */
  async *#history(
    engine: HistoryEngine,
    owner: JobRecord | RemovedJobRecord,
    mask: JobMask | undefined,
  ): AsyncGenerator<RunStepRecord | LedgerRecord | LogRecord | RevisionRecord, void> {
    const jobId = idOf(owner);
    const { since } = this.#selection;
    const hasLogs = this.#selection.hasLogs && owner.kind === "job";
    const unfinished = new Set(owner.runs.map(({ id }) => id));
    for await (const steps of stepsOf(engine, jobId, { since, unfinished }))
      yield* mask?.steps(steps) ?? steps;
    for await (const row of ledgerOf(engine, jobId, since)) {
      // It ended after its job was read.
      if (unfinished.has(row.id)) continue;
      // While runs go on, one that was just being taken may have begun since.
      if (mask && (row.startedAt ?? 0) > this.#startedAt) throw changed("a run began");
      const record: LedgerRecord = { kind: "ledger", jobId, row };
      yield mask?.row(record) ?? record;
      if (hasLogs && row.startedAt !== undefined) yield* this.#logs(engine, row.id, mask);
    }
    if (hasLogs) for (const runId of unfinished) yield* this.#logs(engine, runId, mask);
    // A fixture for tests has no use for who changed what.
    if (mask) return;
    const { revisions } = await engine.changes.readRevisions("all", jobId);
    const definitions = revisions.flatMap(({ before }) => before?.definition ?? []);
    if (owner.kind === "job") definitions.push(owner.definition);
    const secrets = secretsOf(this.#registry, definitions);
    for (const revision of revisions.toReversed())
      yield { kind: "revision", jobId, revision: withoutSecrets(revision, secrets) };
  }

  async *#logs(
    engine: HistoryEngine,
    runId: string,
    mask: JobMask | undefined,
  ): AsyncGenerator<LogRecord, void> {
    for await (const record of logOf(engine, runId)) yield mask?.log(record) ?? record;
  }

  /** Runs that are executed at the moment: nobody knows of a crash. */
  #handedBack<O extends JobRecord | RemovedJobRecord>(owner: O): O {
    const { taken } = this.#fleet;
    if (taken.size === 0) return owner;
    const runs = owner.runs.map((run) =>
      taken.has(run.queueJobId) && !run.suspended ? { ...run, isHandedBack: true } : run,
    );
    return { ...owner, runs };
  }

  #isWanted(owner: JobRecord | RemovedJobRecord): boolean {
    const { jobIds } = this.#selection;
    if (owner.kind === "job") return jobIds?.has(owner.definition.id) ?? true;
    // Of a job removed long ago, only the name may be left.
    return jobIds === undefined && (owner.keepUntil !== null || owner.runs.length > 0);
  }

  async #header(sequence: number): Promise<string> {
    this.#startedAt = await this.#engine.now();
    const { jobIds, since } = this.#selection;
    const partial = {
      ...(jobIds && { jobs: [...jobIds] }),
      ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    };
    const header: StateHeader = {
      cronduit: "state",
      version: STATE_VERSION,
      exportedAt: new Date(this.#startedAt).toISOString(),
      from: this.#engine.label,
      sequence,
      ...(jobIds || since !== undefined ? { partial } : {}),
    };
    return line(this.#mask?.header(header) ?? header);
  }

  /** The records form one consistent state only if nothing changed meanwhile. */
  async #refuseIfMoving(stamp: string | undefined): Promise<void> {
    if (!(await this.#engine.queue.isPaused())) throw changed("the fleet was resumed");
    const { taken } = this.#fleet;
    const now = await this.#engine.transfer.listTaken(taken.size + 1);
    if (now.some((id) => !taken.has(id))) throw changed("a run began");
    const { stamp: last } = await this.#engine.transfer.exportJobs(undefined, 1);
    if (last !== stamp) throw changed("a job was changed");
  }
}

function idOf(owner: JobRecord | RemovedJobRecord): string {
  return owner.kind === "job" ? owner.definition.id : owner.jobId;
}

function line(record: StateHeader | StateRecord): string {
  const text = JSON.stringify(record);
  if (text.length <= MAX_LINE_CHARS) return `${text}\n`;
  const job = "definition" in record ? ` of job "${record.definition.id}"` : "";
  throw new CronduitError(
    "PAYLOAD_TOO_LARGE",
    `exportState: a record${job} has ${text.length} characters; ${MAX_LINE_CHARS} are the limit.`,
    { data: { characters: text.length } },
  );
}

function changed(what: string): CronduitError {
  return new CronduitError(
    "INVALID_STATE",
    `exportState: ${what} while the state was being read. Leave the fleet alone until the end of the export, and try again.`,
  );
}
