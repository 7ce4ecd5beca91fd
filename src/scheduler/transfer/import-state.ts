import { z } from "zod";
import { CronduitError } from "../../core/errors.ts";
import type { Engine } from "../../engine/port/engine.ts";
import type { ImportRecord } from "../../engine/port/transfer.ts";
import type { Actor } from "../../jobs/actor.ts";
import { Schedule } from "../../jobs/schedule.ts";
import type { JobRecord, StateRecord } from "../../jobs/state-record.ts";
import { CheckedState } from "./checked-state.ts";
import { type Owner, ownerKey } from "./state-checker.ts";
import { refuseExistingDocuments, storeDocuments } from "./import-documents.ts";
import { storeLogs } from "./import-logs.ts";
import type { StateSource } from "./state-lines.ts";

/** Records and characters per step, so that one server call doesn't keep others waiting. */
const MOST_RECORDS = 500;
const MOST_CHARS = 1024 * 1024;
/** From this many records on, a step ends before the next job, so that few jobs are separated from their requests. */
const ENOUGH_RECORDS = 250;
const IDS_A_PAGE = 500;
const MAX_TOLD = 20;
const WEEK_MS = 604_800_000;

/** Schema of {@link ImportOptions}. */
export const importOptionsSchema = z.strictObject({
  onConflict: z.enum(["error", "skip"]).default("error"),
  allowMasked: z.boolean().default(false),
});

/** Options of `importState`. */
export interface ImportOptions {
  /**
   * What to do about jobs and documents that exist here already: fail and store nothing, or skip them, jobs with all their
   * records. @default "error"
   */
  onConflict?: "error" | "skip";
  /** Store a fixture, whose jobs would run with masked params. @default false */
  allowMasked?: boolean;
}

/** The result of an import. */
export interface ImportSummary {
  readonly jobs: number;
  /** Removed jobs of which history or an unfinished run was left. */
  readonly removedJobs: number;
  /** Rows of the ledger. */
  readonly ledgerRows: number;
  /** Steps of runs. */
  readonly steps: number;
  /** Lines of the logs of runs. */
  readonly logLines: number;
  /** Manual runs that were requested and hadn't started. */
  readonly requests: number;
  /** What the fleet keeps beside its jobs. */
  readonly documents: number;
  /** Ids that existed here already and were skipped. */
  readonly skipped: readonly string[];
}

type Content = Exclude<StateRecord, { kind: "document" | "end" | "log" }>;
/** What an import needs. */
type ImportEngine = Pick<Engine, "changes" | "documents" | "jobs" | "logs" | "serve" | "transfer">;

/** Where a state is imported to, and who does it. */
export interface ImportTarget {
  readonly engine: ImportEngine;
  readonly by: Actor;
  /** Throws for a pipeline whose jobs whoever imports may not add. @default they may all */
  readonly requirePipeline?: (name: string) => void;
}

/**
 * Stores a state from another engine. Everything is checked before anything is stored; then come the ledgers, which
 * influence nothing while their jobs are missing, and then the jobs, each in one atomic step. Repeating an interrupted
 * import continues it.
 * @throws {@link CronduitError} `INVALID_STATE_FILE`, `MASKED_STATE`, `CONFLICTING_ID`
 */
export async function importState(
  into: ImportTarget,
  source: StateSource,
  options: z.output<typeof importOptionsSchema>,
): Promise<ImportSummary> {
  const { onConflict, allowMasked } = options;
  await using state = await CheckedState.read(source, ({ masked }) => {
    // First of all: whoever mends what else is wrong with a fixture has taken it for an export.
    if (masked && !allowMasked) throw isMasked(masked);
  });
  for (const { pipeline } of state.owners.values())
    if (pipeline !== undefined) into.requirePipeline?.(pipeline);
  return await storeState(into, state, onConflict);
}

/** Stores a state that was read. @throws {@link CronduitError} `CONFLICTING_ID` */
export async function storeState(
  into: ImportTarget,
  state: CheckedState,
  onConflict: "error" | "skip",
): Promise<ImportSummary> {
  const importing = new Import(into, state);
  await importing.findExisting();
  if (onConflict === "error") await importing.refuseExisting();
  await importing.storeAll(onConflict === "skip");
  return importing.summary;
}

class Import {
  readonly #engine: ImportEngine;
  readonly #by: Actor;
  readonly #state: CheckedState;
  readonly #skipped = new Set<string>();
  readonly #done = { job: 0, "removed-job": 0, request: 0, step: 0, ledger: 0, revision: 0 };
  #logLines = 0;
  #documents = 0;
  /** How far each queue has got. */
  readonly #reached = new Map<string | undefined, number>();

  constructor({ engine, by }: ImportTarget, state: CheckedState) {
    this.#engine = engine;
    this.#by = by;
    this.#state = state;
  }

  get summary(): ImportSummary {
    const { job, "removed-job": removedJobs, request, step, ledger } = this.#done;
    return {
      jobs: job,
      removedJobs,
      ledgerRows: ledger,
      steps: step,
      logLines: this.#logLines,
      requests: request,
      documents: this.#documents,
      skipped: [...this.#skipped],
    };
  }

  /** Finds jobs that exist here and don't stem from an earlier attempt of this import. */
  async findExisting(): Promise<void> {
    const owners = [...this.#state.owners.values()];
    for (const queue of this.#queues())
      this.#reached.set(queue, (await this.#step(queue, [])).place);
    const isStored = ({ queue, order }: Owner): boolean =>
      order <= (this.#reached.get(queue) ?? 0) - this.#placesBeforeJobs;
    const stored = new Set(
      owners.flatMap((owner) => (owner.kind === "job" && isStored(owner) ? [owner.jobId] : [])),
    );
    const wanted = owners.filter((owner) => !isStored(owner) && !stored.has(owner.jobId));
    const ids = [...new Set(wanted.map(({ jobId }) => jobId))];
    for (let at = 0; at < ids.length; at += IDS_A_PAGE) {
      const page = ids.slice(at, at + IDS_A_PAGE);
      const jobs = await this.#engine.jobs.get(page);
      for (const [i, id] of page.entries()) if (jobs[i]) this.#skipped.add(id);
    }
  }

  async refuseExisting(): Promise<void> {
    if (this.#skipped.size > 0) throw conflict([...this.#skipped]);
    await refuseExistingDocuments(this.#engine, this.#state);
  }

  async storeAll(isSkipping: boolean): Promise<void> {
    this.#documents = await storeDocuments(this.#engine, this.#state, isSkipping);
    for (const queue of this.#queues()) {
      const engine =
        queue === undefined ? this.#engine : ((await this.#engine.serve?.(queue)) ?? this.#engine);
      this.#logLines += await storeLogs(engine, this.#state, { queue, skipped: this.#skipped });
      await this.#storeQueue(queue, isSkipping);
    }
    for (const queue of this.#queues()) await this.#step(queue, [], true);
    const { job: count } = this.#done;
    if (count > 0) await this.#engine.changes.note({ by: this.#by, what: "imported", count });
  }

  async #storeQueue(queue: string | undefined, isSkipping: boolean): Promise<void> {
    let batch: Sized[] = [];
    let chars = 0;
    const flush = async (): Promise<void> => {
      await this.#store(queue, batch, isSkipping);
      batch = [];
      chars = 0;
    };
    for await (const one of this.#inOrder(queue)) {
      const isFull = batch.length >= MOST_RECORDS || chars + one.chars > MOST_CHARS;
      const isGoodPlace = batch.length >= ENOUGH_RECORDS && one.item.record.kind !== "request";
      if (batch.length > 0 && (isFull || isGoodPlace)) await flush();
      batch.push(one);
      chars += one.chars;
    }
    if (batch.length > 0) await flush();
  }

  /** Each queue of the state once; an empty state has the default queue. */
  #queues(): ReadonlySet<string | undefined> {
    const queues = [...this.#state.owners.values()].map(({ queue }) => queue);
    return new Set(queues.length > 0 ? queues : [undefined]);
  }

  get #placesBeforeJobs(): number {
    const { ledger, revision, step } = this.#state.counts;
    return ledger + revision + step;
  }

  /**
   * @yields Ledgers and steps first, then the rest; each record with its place, without those of skipped jobs. A run
   * that continues must find the steps it has done.
   */
  async *#inOrder(queue: string | undefined): AsyncGenerator<Sized, void> {
    const before = this.#placesBeforeJobs;
    if (before > 0) yield* this.#pass(queue, isBeforeJobs, 0);
    yield* this.#pass(queue, (record) => !isBeforeJobs(record), before);
  }

  async *#pass(
    queue: string | undefined,
    isWanted: (record: Content) => boolean,
    placesBefore: number,
  ): AsyncGenerator<Sized, void> {
    const reached = this.#reached.get(queue) ?? 0;
    let place = placesBefore;
    let owner: Owner | undefined;
    for await (const record of this.#state.records()) {
      if (record.kind === "log" || record.kind === "document") continue;
      owner = this.#ownerOf(record) ?? owner;
      if (!isWanted(record)) continue;
      place += 1;
      if (!owner || owner.queue !== queue || this.#skipped.has(owner.jobId)) continue;
      this.#done[record.kind] += 1;
      if (place > reached) yield sized(itemOf(record, place, owner));
    }
  }

  /** The job that starts with this record; a job's records follow it. */
  #ownerOf(record: Content): Owner | undefined {
    const { owners } = this.#state;
    if (record.kind === "job") {
      const { id, queue } = record.definition;
      return owners.get(ownerKey(id, queue));
    }
    return record.kind === "removed-job"
      ? owners.get(ownerKey(record.jobId, record.queue))
      : undefined;
  }

  async #store(
    queue: string | undefined,
    batch: readonly Sized[],
    isSkipping: boolean,
  ): Promise<void> {
    const records = batch.map(({ item }) => item);
    const { existing, isVoid } = await this.#step(queue, records);
    if (isVoid === true) throw contested(records);
    if (existing.length === 0) return;
    // Somebody added them after the check.
    if (!isSkipping) throw conflict(existing);
    for (const id of existing) this.#skipped.add(id);
    const isSkipped = ({ item: { record } }: Sized): boolean => this.#skipped.has(jobIdOf(record));
    for (const { item } of batch.filter(isSkipped)) this.#done[item.record.kind] -= 1;
    await this.#store(
      queue,
      batch.filter((one) => !isSkipped(one)),
      isSkipping,
    );
  }

  #step(queue: string | undefined, records: readonly ImportRecord[], isDone = false) {
    const { digest, header } = this.#state;
    return this.#engine.transfer.importRecords({
      importId: digest,
      by: this.#by,
      queue,
      sequence: header.sequence,
      records,
      isDone,
    });
  }
}

/** The records that the engine takes before any job. */
function isBeforeJobs({ kind }: Content): boolean {
  return kind === "ledger" || kind === "revision" || kind === "step";
}

function itemOf(record: Content, place: number, owner: Owner): ImportRecord {
  const { keepUntil, keepAgeMs } = owner;
  switch (record.kind) {
    case "job":
      return { place, ...scheduled(record) };
    case "ledger":
    case "revision":
      return { place, record, keepUntil };
    case "step":
      return { place, record, keepUntil, keepAgeMs: keepAgeMs ?? WEEK_MS };
    case "removed-job":
    case "request":
      return { place, record };
  }
}

/** A record with the length of its text. */
interface Sized {
  readonly item: ImportRecord;
  readonly chars: number;
}

function sized(item: ImportRecord): Sized {
  return { item, chars: JSON.stringify(item.record).length };
}

function jobIdOf(record: ImportRecord["record"]): string {
  return record.kind === "job" ? record.definition.id : record.jobId;
}

/** A job with the occurrences to enqueue. One whose trigger is exhausted is finished, whatever its state was there. */
function scheduled(record: JobRecord) {
  if (record.state !== "active") return { record, upcoming: [] };
  const schedule = new Schedule(record.definition);
  const upcoming = schedule.ahead(record.watermark);
  if (!schedule.isOver(upcoming)) return { record, upcoming };
  return { record: { ...record, state: "finished" as const }, upcoming };
}

function isMasked(parts: readonly string[]): CronduitError {
  const what = parts.length === 0 ? "its secrets are" : `${parts.join(", ")} and secrets are`;
  return new CronduitError(
    "MASKED_STATE",
    `importState: this is a fixture for tests: ${what} masked, and its jobs would run with that. Export without mask to move a fleet, or pass allowMasked: true.`,
    { data: { masked: parts } },
  );
}

function contested(records: readonly ImportRecord[]): CronduitError {
  const jobIds = records.map(({ record }) => jobIdOf(record)).slice(0, MAX_TOLD);
  return new CronduitError(
    "INVALID_STATE",
    "importState: jobs of the same ids are being added to several queues by others; import again.",
    { data: { jobIds } },
  );
}

function conflict(jobIds: readonly string[]): CronduitError {
  const told = jobIds.slice(0, MAX_TOLD).map((id) => `"${id}"`);
  const more = jobIds.length > MAX_TOLD ? ` and ${jobIds.length - MAX_TOLD} more` : "";
  return new CronduitError(
    "CONFLICTING_ID",
    `importState: these jobs are here already: ${told.join(", ")}${more}. Remove them, or pass onConflict: "skip" to leave them as they are.`,
    { data: { jobIds } },
  );
}
