import { CronduitError } from "../../../core/errors.ts";
import { type StoredError, withTexts } from "../../../core/stored-error.ts";
import type { Actor } from "../../../jobs/actor.ts";
import type { JobDefinition, JobOverrides, OverrideMark } from "../../../jobs/definition.ts";
import type { LedgerRow } from "../../../jobs/ledger-row.ts";
import type { MaskedPart } from "../../../jobs/state-header.ts";
import type {
  JobRecord,
  LedgerRecord,
  LogRecord,
  QueuedRun,
  RemovedJobRecord,
  RequestRecord,
  RunStepRecord,
  UnfinishedRun,
} from "../../../jobs/state-record.ts";
import type { StoredSkip } from "../../../jobs/stored-skip.ts";
import { maskError } from "./error-mask.ts";
import { KnownValues } from "./known-values.ts";
import { MaskedValues } from "./masked-values.ts";
import type { NamesMask } from "./names-mask.ts";
import type { ParamsMask } from "./params-mask.ts";
import type { Pseudonyms } from "./pseudonyms.ts";

/** What a {@link JobMask} needs. */
export interface JobMaskParts {
  readonly parts: ReadonlySet<MaskedPart>;
  readonly pseudonyms: Pseudonyms;
  readonly names: NamesMask;
  readonly params: ParamsMask;
}

/** Who asked for something, and who cancelled it. */
interface Acted {
  readonly by?: Actor;
  readonly cancelledBy?: Actor;
}

/** Masks one job's records. What was masked in its params is sought in all the others. */
export class JobMask {
  readonly #parts: ReadonlySet<MaskedPart>;
  readonly #pseudonyms: Pseudonyms;
  readonly #names: NamesMask;
  readonly #params: ParamsMask;
  readonly #known: KnownValues;
  #owner: JobRecord | RemovedJobRecord | undefined;
  #requests: readonly RequestRecord[] = [];

  constructor({ parts, pseudonyms, names, params }: JobMaskParts) {
    this.#parts = parts;
    this.#pseudonyms = pseudonyms;
    this.#names = names;
    this.#params = params;
    this.#known = params.known;
  }

  /** The job and its requests, masked. */
  get records(): readonly (JobRecord | RemovedJobRecord | RequestRecord)[] {
    return this.#owner ? [this.#owner, ...this.#requests] : [];
  }

  /** @throws {@link CronduitError} `UNMASKABLE_STATE` */
  async begin(
    owner: JobRecord | RemovedJobRecord,
    requests: readonly RequestRecord[],
  ): Promise<void> {
    // First all params: what they contain is sought in the rest.
    const runs = await Promise.all(owner.runs.map((run) => this.#withParams(run)));
    this.#requests = await Promise.all(requests.map((request) => this.#request(request)));
    if (owner.kind === "removed-job") {
      this.#refuseLeak(owner.jobId);
      this.#owner = {
        ...owner,
        jobId: this.#names.jobId(owner.jobId),
        runs: runs.map((run) => this.#run(run)),
      };
      return;
    }
    const params = await this.#params.mask(owner.definition.params);
    const overrides = await this.#overrides(owner.definition.overrides);
    const queued = await Promise.all(owner.queued.map((run) => this.#queued(run)));
    this.#refuseLeak(owner.definition.id);
    this.#owner = this.#job(owner, {
      definition: { ...this.#definition(owner.definition, params), ...overrides },
      runs: runs.map((run) => this.#run(run)),
      queued,
    });
  }

  async #overrides(
    overrides: JobOverrides | undefined,
  ): Promise<{ readonly overrides?: JobOverrides }> {
    if (!overrides) return {};
    const mark = <M extends OverrideMark>(part: M): M => {
      return { ...part, by: this.#actor(part.by) };
    };
    const { paused, schedule, params } = overrides;
    const reason = paused?.declared?.reason ?? null;
    const below = params && (await this.#params.mask(params.declared.params));
    return {
      overrides: {
        ...(paused && {
          paused: {
            ...mark(paused),
            declared: paused.declared && {
              ...paused.declared,
              reason: reason === null ? null : this.#text(reason, "errors", "descriptions"),
            },
          },
        }),
        ...(schedule && { schedule: mark(schedule) }),
        ...(params && {
          params: { ...mark(params), declared: { ...params.declared, params: below } },
        }),
      },
    };
  }

  /** The steps of one run. */
  steps(records: readonly RunStepRecord[]): RunStepRecord[] {
    const results = new KnownValues();
    const values = new MaskedValues(this.#pseudonyms, results);
    const masked = records.map((record) => this.#withStepResult(record, values));
    return masked.map((record) => this.#step(record, results));
  }

  row({ jobId, row, kind }: LedgerRecord): LedgerRecord {
    const { id, worker, coalescedInto, facts, error, note, owner } = row;
    const masked: LedgerRow = {
      ...row,
      ...this.#actors(row),
      ...(owner === undefined ? {} : { owner: this.#names.owner(owner) }),
      id: this.#names.runId(id),
      ...(worker === undefined ? {} : { worker: this.#names.worker(worker) }),
      ...(coalescedInto === undefined ? {} : { coalescedInto: this.#names.runId(coalescedInto) }),
      ...(facts === undefined
        ? {}
        : {
            facts: Object.fromEntries(
              Object.entries(facts).map(([of, fact]) => [this.#names.jobId(of), fact]),
            ),
          }),
      ...this.#withResult(row),
      ...(note === undefined ? {} : { note: this.#text(note, "descriptions") }),
      ...(error === undefined ? {} : { error: this.#error(error) }),
    };
    return { kind, jobId: this.#names.jobId(jobId), row: masked };
  }

  log({ kind, jobId, runId, lines }: LogRecord): LogRecord {
    return {
      kind,
      jobId: this.#names.jobId(jobId),
      runId: this.#names.runId(runId),
      lines: lines.map((line) => this.#line(line)),
    };
  }

  #line({ fields, message, ...line }: LogRecord["lines"][number]): LogRecord["lines"][number] {
    const masked = this.#parts.has("logs")
      ? new MaskedValues(this.#pseudonyms).mask(fields, { isAll: true })
      : this.#known.inJson(fields);
    return {
      ...line,
      message: this.#text(message, "logs"),
      ...(fields === undefined ? {} : { fields: masked as Record<string, unknown> }),
    };
  }

  #definition(definition: JobDefinition, params: unknown): JobDefinition {
    const { description, policy, declared, owner, addedBy } = definition;
    if (policy.group) this.#refuseLeak(policy.group.key);
    const { when, group } = policy;
    const masked: JobDefinition = {
      ...definition,
      id: this.#names.jobId(definition.id),
      ...(owner === undefined ? {} : { owner: this.#names.owner(owner) }),
      ...(addedBy && { addedBy: this.#actor(addedBy) }),
      ...(description === undefined
        ? {}
        : { description: this.#text(description, "descriptions") }),
      tags: definition.tags.map((tag) => this.#text(tag, "descriptions")),
      params,
      policy: {
        ...policy,
        when: when && { ...when, condition: this.#names.condition(when.condition) },
        group: group && { ...group, key: this.#names.group(group.key) },
      },
    };
    // The digest of what was declared would confirm a guess of what is masked.
    return JSON.stringify(masked) === JSON.stringify(definition)
      ? masked
      : { ...masked, declared: { ...declared, all: this.#pseudonyms.digest(declared.all) } };
  }

  #job(job: JobRecord, masked: Pick<JobRecord, "definition" | "runs" | "queued">): JobRecord {
    const { lastRun, lastScheduledRun, pausedReason, skips } = job;
    return {
      ...job,
      ...masked,
      pausedReason:
        pausedReason === null ? null : this.#text(pausedReason, "errors", "descriptions"),
      ...(skips && { skips: skips.map((skip) => this.#skip(skip)) }),
      lastRun: lastRun && {
        ...lastRun,
        id: this.#names.runId(lastRun.id),
        ...this.#withResult(lastRun),
      },
      lastScheduledRun: lastScheduledRun && {
        ...lastScheduledRun,
        id: this.#names.runId(lastScheduledRun.id),
      },
    };
  }

  #skip({ reason, ...rest }: StoredSkip): StoredSkip {
    const skip = { ...rest, by: this.#actor(rest.by) };
    return reason === undefined ? skip : { ...skip, reason: this.#text(reason, "descriptions") };
  }

  /** Who did something is as much a name as what people write; cronduit's own are not. */
  #actor({ kind, id, note }: Actor): Actor {
    return {
      kind,
      id: kind === "system" ? id : this.#text(id, "descriptions"),
      ...(note === undefined ? {} : { note: this.#text(note, "descriptions") }),
    };
  }

  #actors({ by, cancelledBy }: Acted): Acted {
    return {
      ...(by && { by: this.#actor(by) }),
      ...(cancelledBy && { cancelledBy: this.#actor(cancelledBy) }),
    };
  }

  #run(run: UnfinishedRun): UnfinishedRun {
    const { suspended, group, cancel, owner } = run;
    return {
      ...run,
      ...this.#actors(run),
      ...(owner === undefined ? {} : { owner: this.#names.owner(owner) }),
      id: this.#names.runId(run.id),
      queueJobId: this.#names.runId(run.queueJobId),
      worker: this.#names.worker(run.worker),
      ...(group === undefined ? {} : { group: this.#names.group(group) }),
      ...(cancel === undefined ? {} : { cancel: this.#text(cancel, "errors", "descriptions") }),
      ...(suspended?.error
        ? { suspended: { ...suspended, error: this.#error(suspended.error) } }
        : {}),
    };
  }

  async #withParams<R extends QueuedRun | UnfinishedRun | RequestRecord>(record: R): Promise<R> {
    if (record.params === undefined) return record;
    return { ...record, params: await this.#params.mask(record.params) };
  }

  #withResult({ result }: { readonly result?: unknown }): { result?: unknown } {
    if (result === undefined) return {};
    const masked = this.#parts.has("results")
      ? new MaskedValues(this.#pseudonyms).mask(result, { isAll: true })
      : this.#known.inJson(result);
    return { result: masked };
  }

  #withStepResult(record: RunStepRecord, values: MaskedValues): RunStepRecord {
    const { shown, resultJson, ...step } = record.step;
    const json = shown?.resultJson ?? resultJson;
    const named = { ...step, name: shown?.name ?? step.name };
    if (json === undefined) return { ...record, step: named };
    const result = JSON.parse(json) as unknown;
    const masked = !this.#parts.has("steps")
      ? this.#known.inJson(result)
      : step.kind === "progress"
        ? this.#progress(result)
        : values.mask(result, { isAll: true });
    return { ...record, step: { ...named, resultJson: JSON.stringify(masked) } };
  }

  /** @param results What was masked in the run's steps: later ones may be named after it. */
  #step({ kind, jobId, runId, step }: RunStepRecord, results: KnownValues): RunStepRecord {
    const { name, error } = step;
    const masked = {
      ...step,
      name: results.inText(this.#known.inText(name)),
      ...(error === undefined ? {} : { error: this.#error(error) }),
    };
    return {
      kind,
      jobId: this.#names.jobId(jobId),
      runId: this.#names.runId(runId),
      step: masked,
    };
  }

  #queued(run: QueuedRun): Promise<QueuedRun> {
    return this.#withParams({ ...run, ...this.#actors(run), id: this.#names.runId(run.id) });
  }

  #request(request: RequestRecord): Promise<RequestRecord> {
    const jobId = this.#names.jobId(request.jobId);
    const runId = this.#names.runId(request.runId);
    return this.#withParams({ ...request, ...this.#actors(request), jobId, runId });
  }

  #progress(result: unknown): unknown {
    if (typeof result !== "object" || result === null) return result;
    const message: unknown = Reflect.get(result, "message");
    return typeof message === "string"
      ? { ...result, message: this.#pseudonyms.text(message) }
      : result;
  }

  #error(error: StoredError): StoredError {
    return this.#parts.has("errors")
      ? maskError(error)
      : withTexts(error, (text) => this.#known.inText(text));
  }

  /** A text that belongs to these parts. */
  #text(text: string, ...parts: readonly MaskedPart[]): string {
    return parts.some((part) => this.#parts.has(part))
      ? this.#pseudonyms.text(text)
      : this.#known.inText(text);
  }

  /** A name can't be changed in part, since others refer to it. */
  #refuseLeak(name: string): void {
    if (this.#parts.has("ids") || !this.#known.areIn(name)) return;
    throw new CronduitError(
      "UNMASKABLE_STATE",
      `exportState: "${name}", the id of a job or the key of its group, contains a value that is masked in the params. Add "ids" to mask, or let maskParams keep the value.`,
      { data: { id: name } },
    );
  }
}
