import { randomUUID } from "node:crypto";
import { type CancelTimer, type Clock, sleep } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import type { Engine } from "../engine/port/engine.ts";
import { hushed } from "../engine/calls/outage.ts";
import { parseOptions } from "../jobs/options.ts";
import { partsOf, type PipelineScheduler } from "../scheduler/pipeline-scheduler.ts";
import { finishAll } from "./apply/finish-all.ts";
import { type Applied, SetApplier } from "./apply/set-applier.ts";
import { SetRecords } from "./apply/set-records.ts";
import { changesOf } from "./apply/set-changes.ts";
import { byPlace } from "./file-problem.ts";
import type { FilePlaces } from "./folder/file-places.ts";
import { type Gathered, Gatherer } from "./folder/gatherer.ts";
import type { JobSet } from "./read-set.ts";
import { FolderWatcher } from "./watch/folder-watcher.ts";
import { type FilesOutcome, MOST_NAMED } from "./watch/files-outcome.ts";
import { jobFilesSchema, type JobFilesOptions } from "./watch/job-files-options.ts";
import { OutcomeLog } from "./watch/files-outcome-log.ts";
import { type FilesReader, ReaderRecords } from "./watch/reader-records.ts";

/** How long files must be still: editors write in several steps. */
const STILL_MS = 60;
/** How long, if jobs are to be removed: a file that is being written may have lost them for a moment. */
const STILL_FOR_REMOVAL_MS = 1_000;
/** How often others are looked at, and this process says that it lives. */
const TICK_MS = 5_000;
/** How often all files are looked at, whatever the system tells. */
const SAFETY_MS = 30_000;
const POLL_MS = 2_000;
/** How long processes may read different files before they are told: one sees a change before the other. */
const GRACE_MS = 3_000;
const AGAIN_MS = 300;

type ValidSet = Extract<JobSet, { isValid: true }>;

/**
 * Keeps the jobs of a fleet as files say: reads them, applies them as a whole or not at all, and watches them from then on.
 * The set that was accepted last stays in force while the files are not valid. Outcomes are logged by the scheduler's logger.
 */
export class JobFiles implements AsyncDisposable {
  readonly source: string;
  readonly #places: FilePlaces;
  readonly #pollMs: number | undefined;
  readonly #scheduler: PipelineScheduler;
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #gatherer: Gatherer;
  readonly #applier: SetApplier;
  readonly #readers: ReaderRecords;
  readonly #log: OutcomeLog;
  readonly #watcher: FolderWatcher;
  readonly #ended = new AbortController();
  readonly #timers = new Map<string, CancelTimer>();
  readonly #handlers = new Set<(outcome: FilesOutcome) => void>();
  /** Files that may have changed; `all`: any may have. */
  #dirty: Set<string> | "all" = "all";
  /** One look after another. */
  #turn: Promise<unknown> = Promise.resolve();
  /** The folders being watched anew. */
  #watching: Promise<void> = Promise.resolve();
  #isStarted = false;
  #isMended = false;
  #folders: string | undefined;
  #changedAt = -Infinity;
  #differSince: number | undefined;

  /** @throws {@link CronduitError} `INVALID_OPTION` */
  constructor(options: JobFilesOptions) {
    const { scheduler, ...given } = { ...options };
    const { source, config, jobsDirs, crontabs, poll } = parseOptions(
      jobFilesSchema,
      given,
      "new JobFiles",
    );
    const name = randomUUID();
    this.#applier = new SetApplier({ scheduler, source, owner: name });
    const parts = partsOf(scheduler);
    if (!parts) throw new CronduitError("INTERNAL", "the scheduler has no parts");
    this.source = source;
    this.#places = { config, jobsDirs, crontabs };
    this.#pollMs = poll === true ? POLL_MS : poll === false ? undefined : poll;
    this.#engine = parts.engine;
    this.#clock = parts.clock;
    this.#logger = hushed(parts.logger, parts.engine);
    this.#gatherer = new Gatherer(this.#places);
    this.#readers = new ReaderRecords(parts.engine, source, name);
    const records = new SetRecords(parts.engine, source);
    this.#log = new OutcomeLog(this.#logger, records);
    this.#scheduler = scheduler;
    this.#watcher = new FolderWatcher(this.#places, {
      onPath: (path) => this.#onPath(path),
      onAnything: () => this.#onAnything(),
    });
  }

  /** Hears what becomes of the files, each time that this is something else than before. */
  on(_: "outcome", handler: (outcome: FilesOutcome) => void): void {
    this.#handlers.add(handler);
  }

  /** Reads the files without applying them. */
  async read(): Promise<JobSet> {
    return (await new Gatherer(this.#places).gather()).set;
  }

  /**
   * Applies the files and watches them.
   * @returns the first outcome; one that is `rejected` is no error, since the files may be mended
   * @throws {@link CronduitError} `INVALID_STATE` if it was started or closed before; `CONNECTION_FAILED`
   */
  async start(): Promise<FilesOutcome> {
    if (this.#isStarted || this.#ended.signal.aborted)
      throw new CronduitError("INVALID_STATE", "JobFiles: it was started or closed before.");
    this.#isStarted = true;
    await this.#engine.open();
    await this.#watcher.start();
    const outcome = await this.#inTurn(() => this.#look("now"));
    this.#tick();
    this.#lookRegularly();
    return outcome;
  }

  /** Looks at all files now. */
  async check(): Promise<FilesOutcome> {
    this.#dirty = "all";
    await this.#engine.open();
    return this.#inTurn(() => this.#look("now"));
  }

  /** Ends the watching; jobs stay. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    await this.#watching;
    await this.#watcher.stop();
    await this.#turn.catch(() => undefined);
    if (this.#isStarted) await this.#readers.forget().catch(() => undefined);
  }

  /** Closes, so that `await using` works. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #onPath(path: string): void {
    if (this.#dirty !== "all") this.#dirty.add(path);
    this.#lookIn("changed", STILL_MS);
  }

  #onAnything(): void {
    this.#dirty = "all";
    this.#lookIn("changed", STILL_MS);
  }

  /** Looks once in a while, the last call of a kind counts. */
  #lookIn(what: string, ms: number): void {
    this.#after(what, ms, () => {
      this.#inTurn(() => this.#look("soon")).catch((error: unknown) => this.#troubled(error));
    });
  }

  #after(what: string, ms: number, act: () => void): void {
    if (this.#ended.signal.aborted || !this.#isStarted) return;
    this.#timers.get(what)?.();
    const cancel = this.#clock.after(ms, act, "upkeep");
    this.#timers.set(what, cancel);
  }

  #watchAgain(): void {
    this.#watching = this.#watching
      .then(() => (this.#ended.signal.aborted ? undefined : this.#watcher.again()))
      .catch((error: unknown) => this.#troubled(error));
  }

  #lookRegularly(): void {
    const ms = this.#pollMs ?? SAFETY_MS;
    this.#after("regular", ms, () => {
      this.#dirty = "all";
      this.#inTurn(() => this.#look("soon"))
        .catch((error: unknown) => this.#troubled(error))
        .finally(() => this.#lookRegularly());
    });
  }

  /** Says that this process lives, looks at the others, and completes what one began that died. */
  #tick(): void {
    this.#after("tick", this.#differSince === undefined ? TICK_MS : 1_000, () => {
      this.#inTurn(() => this.#lookAtOthers())
        .catch((error: unknown) => this.#troubled(error))
        .finally(() => this.#tick());
    });
  }

  async #lookAtOthers(): Promise<void> {
    await finishAll(this.#scheduler, this.#engine, this.#applier);
    await this.#look("soon");
  }

  #troubled(error: unknown): void {
    if (this.#ended.signal.aborted) return;
    this.#logger.warn("job files", { error });
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.catch(() => undefined).then(act);
    this.#turn = turn;
    return turn;
  }

  /** @param how `soon`: what may be the middle of a change waits until the files are still. */
  async #look(how: "now" | "soon"): Promise<FilesOutcome> {
    for (;;) {
      const gathered = await this.#gather();
      const { set, files } = gathered;
      const now = await this.#engine.now();
      const digest = set.isValid ? set.digest : null;
      await this.#readers.tell({ digest, jobs: set.isValid ? set.jobs.length : 0, files }, now);
      if (!set.isValid) return this.#told({ kind: "rejected", ...this.#headOf(gathered) });
      if (how === "soon" && (await this.#isInTheMiddle(set))) return this.#last(gathered);
      const differing = await this.#differing(set);
      if (differing.length === 0) return this.#told(await this.#accept(gathered, set));
      const since = (this.#differSince ??= this.#clock.elapsed());
      const graceMs = Math.max(GRACE_MS, 2 * (this.#pollMs ?? 0));
      if (this.#clock.elapsed() - since >= graceMs || this.#ended.signal.aborted)
        return this.#told(conflictOf(this.#headOf(gathered), set, differing));
      await sleep(this.#clock, AGAIN_MS, this.#ended.signal, "look");
    }
  }

  async #gather(): Promise<Gathered> {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    const isFirst = this.#folders === undefined;
    try {
      const gathered = await this.#gatherer.gather(dirty === "all" ? undefined : [...dirty]);
      if (gathered.isChanged && !isFirst) this.#changedAt = this.#clock.elapsed();
      if (!isFirst && gathered.folders !== this.#folders) this.#watchAgain();
      this.#folders = gathered.folders;
      return gathered;
    } catch (error) {
      this.#dirty = "all";
      throw error;
    }
  }

  /** Whether jobs would go of which the files may be in the middle of being written. */
  async #isInTheMiddle(set: ValidSet): Promise<boolean> {
    const stillMs = this.#clock.elapsed() - this.#changedAt;
    if (stillMs >= STILL_FOR_REMOVAL_MS) return false;
    const after = new Map(set.jobs.map((job) => [job.id, job]));
    const { removed } = changesOf(await this.#applier.jobs(), after);
    if (removed.length === 0) return false;
    this.#lookIn("removal", STILL_FOR_REMOVAL_MS - stillMs + 1);
    return true;
  }

  async #differing({ digest }: ValidSet): Promise<FilesReader[]> {
    const others = await this.#readers.others();
    const differing = others.filter((each) => each.digest !== null && each.digest !== digest);
    if (differing.length === 0) this.#differSince = undefined;
    return differing;
  }

  async #accept(gathered: Gathered, set: ValidSet): Promise<FilesOutcome> {
    const head = this.#headOf(gathered);
    const { jobs, digest } = set;
    const stored = await this.#applier.head();
    const isInForce = stored?.head.digest === digest && stored.head.state === "applied";
    const applied: Applied = isInForce
      ? { kind: "unchanged" }
      : await this.#applier.accept({ jobs, digest, prune: true }, this.#ended.signal);
    const mended = this.#isMended ? [] : await this.#applier.mend(undefined, this.#ended.signal);
    this.#isMended = true;
    const told = "problems" in applied ? applied.problems : [];
    const problems = [...head.problems, ...told].toSorted(byPlace);
    if (applied.kind === "rejected") return { kind: "rejected", ...head, problems };
    if (applied.kind === "unchanged" && mended.length === 0)
      return { kind: "unchanged", ...head, jobs: jobs.length };
    const idsOf = (list: readonly { readonly id: string }[] = []): string[] =>
      list.map(({ id }) => id);
    const changes = "changes" in applied ? applied.changes : undefined;
    const added = [...idsOf(changes?.added), ...mended];
    const [changed, removed] = [idsOf(changes?.changed), idsOf(changes?.removed)];
    return {
      kind: "applied",
      ...head,
      problems,
      jobs: jobs.length,
      added: added.length,
      changed: changed.length,
      removed: removed.length,
      addedIds: added.slice(0, MOST_NAMED),
      changedIds: changed.slice(0, MOST_NAMED),
      removedIds: removed.slice(0, MOST_NAMED),
      failed: "failed" in applied ? applied.failed : [],
    };
  }

  #headOf({ set, files }: Gathered): Pick<FilesOutcome, "files" | "problems" | "source"> {
    return { source: this.source, files, problems: set.problems };
  }

  #last(gathered: Gathered): FilesOutcome {
    return this.#log.last ?? { kind: "unchanged", ...this.#headOf(gathered), jobs: 0 };
  }

  async #told(outcome: FilesOutcome): Promise<FilesOutcome> {
    if (await this.#log.tell(outcome)) for (const handler of this.#handlers) handler(outcome);
    return outcome;
  }
}

function conflictOf(
  head: Pick<FilesOutcome, "files" | "problems" | "source">,
  { jobs }: ValidSet,
  readers: readonly FilesReader[],
): FilesOutcome {
  return { kind: "conflict", ...head, jobs: jobs.length, code: "CONFIG_CONFLICT", readers };
}
