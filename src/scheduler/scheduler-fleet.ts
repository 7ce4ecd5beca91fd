import type { EngineHealth } from "../engine/port/engine.ts";
import type { EventHandler, ListenerOptions } from "../events/event-bus.ts";
import type { EventFollower, EventNews, EventWish } from "../events/event-follower.ts";
import { bitsOf } from "../events/event-names.ts";
import { checkFollower, checkListener, checkMask } from "../events/listener-input.ts";
import { EVENT_ALL, type EventName } from "../jobs/event.ts";
import { parseOptions } from "../jobs/options.ts";
import type { SchedulerParts } from "./assembly.ts";
import { setFleetPaused } from "./fleet-pause.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Desk } from "./make-scheduler.ts";
import { SchedulerOverrides } from "./scheduler-overrides.ts";
import {
  type ExportOptions,
  exportOptionsSchema,
  type ExportSettings,
} from "./transfer/export-options.ts";
import { exportState } from "./transfer/export-state.ts";
import {
  importOptionsSchema,
  importState,
  type ImportOptions,
  type ImportSummary,
} from "./transfer/import-state.ts";
import type { StateSource } from "./transfer/state-lines.ts";
import { type QueueList, readQueues } from "./queue-record.ts";
import { toWorkerRecord, type WorkerRecord, withSeenRuns } from "./worker-record.ts";

/** What a scheduler's calls about the fleet are made with. */
export interface SchedulerFleetParts {
  readonly desk: Desk;
  readonly parts: SchedulerParts;
  readonly lifecycle: Lifecycle;
}

/** The part of a scheduler that deals with the whole fleet: its events, its pause, its state, its workers. */
export abstract class SchedulerFleet extends SchedulerOverrides {
  readonly #desk: Desk;
  readonly #parts: SchedulerParts;
  readonly #lifecycle: Lifecycle;

  /** @internal */
  protected constructor({ desk, parts, lifecycle }: SchedulerFleetParts) {
    super(desk.lists);
    this.#desk = desk;
    this.#parts = parts;
    this.#lifecycle = lifecycle;
  }

  /**
   * Calls `handler` with every event of the fleet.
   * @throws {@link CronduitError} `INVALID_OPTION`
   */
  addListener(handler: EventHandler): void;
  /**
   * Calls `handler` with every event of the fleet whose bit is in `mask`.
   * @param mask A sum of `EVENT_…` bits, or `EVENT_ALL`. Without it: all.
   * @throws {@link CronduitError} `INVALID_OPTION`, also for a mask with a bit that no event has.
   */
  addListener(handler: EventHandler, mask: number, options?: ListenerOptions): void;
  addListener(handler: EventHandler, ...given: [mask?: number, options?: ListenerOptions]): void {
    // An explicit `undefined` is a constant that doesn't exist, and would receive everything.
    const mask = given.length === 0 ? EVENT_ALL : checkMask(given[0]);
    this.#parts.bus.add(
      handler,
      mask,
      checkListener("addListener", handler, given[1] === undefined ? {} : given[1]),
      this.#desk.rights,
    );
  }

  /**
   * Calls `handler` with every event of this name, or of these names; the name narrows the event's fields.
   * @throws {@link CronduitError} `INVALID_OPTION`
   * @example scheduler.on("JOB_ERROR", ({ jobId, exception }) => console.error(jobId, exception.message));
   */
  on<const N extends EventName>(
    name: N | readonly N[],
    handler: EventHandler<N>,
    options: ListenerOptions = {},
  ): void {
    // Only events of these names have these bits.
    const bits = bitsOf(name);
    this.#parts.bus.add(
      handler as EventHandler,
      bits,
      checkListener("on", handler, options),
      this.#desk.rights,
    );
  }

  /** Removes a handler that `addListener` or `on` added; an unknown one is ignored. */
  removeListener(handler: EventHandler<never>): void {
    this.#parts.bus.remove(handler);
  }

  /**
   * Follows the events that this actor may see, with positions to come back to.
   * @param after The cursor of an earlier follower, of any process; absent: from now on.
   * @internal
   */
  async followEvents(
    wish: Omit<EventWish, "sees">,
    news: EventNews,
    after?: string,
  ): Promise<EventFollower> {
    checkFollower(news, after);
    await this.#lifecycle.ready();
    return this.#parts.feed.follow({ ...wish, sees: this.#desk.rights.sees }, news, after);
  }

  /** Stops the whole fleet from starting runs, until `resume()`; runs in progress continue. */
  async pause(): Promise<void> {
    this.#desk.rights.requireWhole("pause the fleet");
    await this.#lifecycle.ready();
    await setFleetPaused(this.#parts.engine, true, this.#desk.rights.by);
  }

  /** Resumes the fleet. `coalesce` and `misfireGraceTime` decide about what was missed. */
  async resume(): Promise<void> {
    this.#desk.rights.requireWhole("resume the fleet");
    await this.#lifecycle.ready();
    await setFleetPaused(this.#parts.engine, false, this.#desk.rights.by);
  }

  /** Whether the fleet is paused. */
  async isPaused(): Promise<boolean> {
    await this.#lifecycle.ready();
    return this.#parts.engine.queue.isPaused();
  }

  /**
   * Stops the fleet, and yields all jobs and their history as lines of NDJSON, each with its line break; they are read as
   * you iterate. The fleet stays paused afterwards. With `mask`, they are a fixture for tests, and the fleet goes on. See
   * `docs/transfer.md`.
   * @throws {@link CronduitError} while it is read: `RUNS_UNFINISHED`, `INVALID_STATE` if something changed meanwhile,
   * `JOB_NOT_FOUND`, `UNMASKABLE_STATE`, `CONNECTION_FAILED`, `PAYLOAD_TOO_LARGE`. The fleet is then restored, as it is
   * if you stop reading.
   */
  exportState(options: ExportOptions = {}): AsyncIterable<string> {
    this.#desk.rights.requireWhole("export the fleet's state");
    return this.#export(parseOptions(exportOptionsSchema, options, "exportState"));
  }

  async *#export(settings: ExportSettings): AsyncGenerator<string, void> {
    await this.#lifecycle.ready();
    yield* exportState({ ...this.#parts, by: this.#desk.rights.by }, settings);
  }

  /**
   * Stores an exported state, from any engine. What was due and undecided there runs here, by each job's policy. Everything
   * is checked before anything is stored; after a crash, repeat the call with the same state to complete it.
   * @throws {@link CronduitError} `INVALID_STATE_FILE`; `MASKED_STATE` for a fixture; `CONFLICTING_ID` if jobs of the state
   * are here already.
   */
  async importState(source: StateSource, options: ImportOptions = {}): Promise<ImportSummary> {
    this.#desk.rights.requireWhole("import a state");
    const settings = parseOptions(importOptionsSchema, options, "importState");
    await this.#lifecycle.ready();
    const { rights } = this.#desk;
    const { engine, registry } = this.#parts;
    const requirePipeline = (name: string): void =>
      rights.requireCommands(registry.get(name), "importState");
    return importState({ engine, by: rights.by, requirePipeline }, source, settings);
  }

  /** The workers of the fleet that are alive; of what they run, what the caller may see. */
  async getWorkers(): Promise<WorkerRecord[]> {
    await this.#lifecycle.ready();
    const workers = (await this.#parts.engine.members.list()).map(toWorkerRecord);
    return this.#desk.rights.sees === "all" ? workers : withSeenRuns(workers, this.#desk.engine);
  }

  /** The queues of the fleet: how many jobs and unfinished runs each has, and who serves it. */
  async getQueues(): Promise<QueueList> {
    await this.#lifecycle.ready();
    const { engine: seen, rights } = this.#desk;
    return readQueues({ seen, fleet: this.#parts.engine, scope: rights.sees });
  }

  /** Whether the server answers; never throws. For readiness checks. */
  health(): Promise<EngineHealth> {
    return this.#parts.engine.health();
  }

  /** The engine and server in use, e.g. `redis 7.0.15 at 127.0.0.1:6379`; without the server for limited actors. */
  get engine(): string {
    const { label } = this.#parts.engine;
    return this.#desk.rights.isWhole ? label : label.replace(/ at .*/s, "");
  }
}
