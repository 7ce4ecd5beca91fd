import { z } from "zod";
import type { EpochMs } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { Engine } from "../../engine/engine.ts";
import type { ImportRecord } from "../../engine/state-port.ts";
import { Schedule } from "../../jobs/schedule.ts";
import type { JobRecord, StateRecord } from "../../jobs/state-record.ts";
import { CheckedState } from "./checked-state.ts";
import type { StateSource } from "./state-lines.ts";

/** Records and characters a step: what one call of the server takes without others waiting for long. */
const MOST_RECORDS = 500;
const MOST_CHARS = 1024 * 1024;
/** From so many records on a step ends before the next job, so that few jobs are parted from their requests. */
const ENOUGH_RECORDS = 250;
const IDS_A_PAGE = 500;
const MAX_TOLD = 20;

/** Schema of {@link ImportOptions}. */
export const importOptionsSchema = z.strictObject({
  onConflict: z.enum(["error", "skip"]).default("error"),
});

/** How a state is imported. */
export interface ImportOptions {
  /**
   * What to do if jobs of the state are here already: fail and store nothing, or leave these jobs as they are, with
   * nothing of the state's. @default "error"
   */
  onConflict?: "error" | "skip";
}

/** What an import brought. */
export interface ImportSummary {
  readonly jobs: number;
  /** Jobs that had been removed, and of which history or an unfinished run was left. */
  readonly removedJobs: number;
  /** Rows of the ledger. */
  readonly ledgerRows: number;
  /** Manual runs that were asked for and had not begun. */
  readonly requests: number;
  /** Ids that were here already and were skipped. */
  readonly skipped: readonly string[];
}

type Content = Exclude<StateRecord, { kind: "end" }>;

/**
 * Stores a state that came from another engine. All of it is checked before anything is stored; then come the ledgers,
 * which nothing is decided by while their jobs are not there, and then the jobs, each in one atomic step. An import
 * that broke off goes on where it was when it is repeated.
 * @throws {@link CronduitError} `INVALID_STATE_FILE`, `CONFLICTING_ID`
 */
export async function importState(
  engine: Engine,
  source: StateSource,
  { onConflict }: z.output<typeof importOptionsSchema>,
): Promise<ImportSummary> {
  await using state = await CheckedState.read(source);
  const importing = new Import(engine, state);
  await importing.findExisting();
  if (onConflict === "error") importing.refuseExisting();
  await importing.storeAll(onConflict === "skip");
  return importing.summary;
}

class Import {
  readonly #engine: Engine;
  readonly #state: CheckedState;
  readonly #skipped = new Set<string>();
  readonly #done = { job: 0, "removed-job": 0, request: 0, ledger: 0 };
  #reached = 0;

  constructor(engine: Engine, state: CheckedState) {
    this.#engine = engine;
    this.#state = state;
  }

  get summary(): ImportSummary {
    const { job, "removed-job": removedJobs, request, ledger } = this.#done;
    const skipped = [...this.#skipped];
    return { jobs: job, removedJobs, ledgerRows: ledger, requests: request, skipped };
  }

  /** Looks which jobs are here, and not by an earlier try of this import. */
  async findExisting(): Promise<void> {
    const { owners, counts } = this.#state;
    this.#reached = (await this.#step([])).place;
    const reachedOrder = this.#reached - counts.ledger;
    const ids = [...owners].flatMap(([id, { order }]) => (order > reachedOrder ? [id] : []));
    for (let at = 0; at < ids.length; at += IDS_A_PAGE) {
      const page = ids.slice(at, at + IDS_A_PAGE);
      const jobs = await this.#engine.getJobs(page);
      for (const [i, id] of page.entries()) if (jobs[i]) this.#skipped.add(id);
    }
  }

  refuseExisting(): void {
    if (this.#skipped.size > 0) throw conflict([...this.#skipped]);
  }

  async storeAll(isSkipping: boolean): Promise<void> {
    const now = await this.#engine.now();
    let batch: Sized[] = [];
    let chars = 0;
    const flush = async (): Promise<void> => {
      await this.#store(batch, isSkipping);
      batch = [];
      chars = 0;
    };
    for await (const one of this.#inOrder(now)) {
      const isFull = batch.length >= MOST_RECORDS || chars + one.chars > MOST_CHARS;
      const isGoodPlace = batch.length >= ENOUGH_RECORDS && one.item.record.kind !== "request";
      if (batch.length > 0 && (isFull || isGoodPlace)) await flush();
      batch.push(one);
      chars += one.chars;
    }
    if (batch.length > 0) await flush();
    await this.#step([], true);
  }

  /** @yields Ledgers first, then all else; each record with its place, those of skipped jobs left out. */
  async *#inOrder(now: EpochMs): AsyncGenerator<Sized, void> {
    const { counts } = this.#state;
    if (counts.ledger > 0) yield* this.#pass((record) => record.kind === "ledger", 0, now);
    yield* this.#pass((record) => record.kind !== "ledger", counts.ledger, now);
  }

  async *#pass(
    isWanted: (record: Content) => boolean,
    placesBefore: number,
    now: EpochMs,
  ): AsyncGenerator<Sized, void> {
    let place = placesBefore;
    for await (const record of this.#state.records()) {
      if (!isWanted(record)) continue;
      place += 1;
      const jobId = record.kind === "job" ? record.definition.id : record.jobId;
      if (this.#skipped.has(jobId)) continue;
      this.#done[record.kind] += 1;
      if (place > this.#reached) yield sized(this.#item(record, place, now));
    }
  }

  #item(record: Content, place: number, now: EpochMs): ImportRecord {
    if (record.kind === "job") return { place, ...scheduled(record, now) };
    if (record.kind !== "ledger") return { place, record };
    return { place, record, keepUntil: this.#state.owners.get(record.jobId)?.keepUntil ?? null };
  }

  async #store(batch: readonly Sized[], isSkipping: boolean): Promise<void> {
    const records = batch.map(({ item }) => item);
    const { existing } = await this.#step(records);
    if (existing.length === 0) return;
    // Somebody added them since it was looked.
    if (!isSkipping) throw conflict(existing);
    for (const id of existing) this.#skipped.add(id);
    const isSkipped = ({ item: { record } }: Sized): boolean => this.#skipped.has(jobIdOf(record));
    for (const { item } of batch.filter(isSkipped)) this.#done[item.record.kind] -= 1;
    await this.#store(
      batch.filter((one) => !isSkipped(one)),
      isSkipping,
    );
  }

  #step(records: readonly ImportRecord[], isDone = false) {
    const { digest, header } = this.#state;
    return this.#engine.importRecords({
      importId: digest,
      sequence: header.sequence,
      records,
      isDone,
    });
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

/** A job with the occurrences that are to wait. One whose trigger has nothing left is finished, whatever it was there. */
function scheduled(record: JobRecord, now: EpochMs) {
  if (record.state !== "active") return { record, upcoming: [] };
  const upcoming = new Schedule(record.definition).ahead(record.watermark);
  if (upcoming.length > 0) return { record, upcoming };
  return { record: { ...record, state: "finished" as const, finishedAt: now }, upcoming };
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
