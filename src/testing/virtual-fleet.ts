import { silentLogger } from "../core/log.ts";
import { CronduitError, JobLookupError } from "../core/errors.ts";
import { suggest } from "../core/suggest.ts";
import { systemActor } from "../jobs/actor.ts";
import type { LedgerRow } from "../jobs/ledger-row.ts";
import { PipelineRegistry } from "../pipeline/registry.ts";
import { around, type SchedulerParts } from "../scheduler/assembly.ts";
import type { SchedulerSettings } from "../scheduler/scheduler-options.ts";
import type { CheckedState } from "../scheduler/transfer/checked-state.ts";
import { storeState } from "../scheduler/transfer/import-state.ts";
import { currentRun } from "../worker/run-scope.ts";
import { runtimeTuning } from "../worker/worker-options.ts";
import { FleetLedger } from "./fleet-ledger.ts";
import type { GlobalTimers } from "./global-timers.ts";
import { currentListener, withinListener } from "./listener-scope.ts";
import { Quiet } from "./quiet.ts";
import { TestWorker } from "./test-worker.ts";
import { TimeMachine } from "./time-machine.ts";
import { VirtualMemory } from "./virtual-memory.ts";
import { VirtualClock, type VirtualTime } from "./virtual-time.ts";

/** What a fleet is made with. */
export interface VirtualFleetOptions {
  readonly time: VirtualTime;
  /** Absent: the global timers stay real. */
  readonly globals: GlobalTimers | undefined;
  readonly patienceMs: number;
}

interface Made {
  readonly memory: VirtualMemory;
  readonly worker: TestWorker | undefined;
  readonly machine: TimeMachine;
  readonly ledger: FleetLedger;
}

/** The parts of a test scheduler: the usual ones, on an engine in memory and on the virtual time. */
export class VirtualFleet {
  readonly time: VirtualTime;
  readonly #globals: GlobalTimers | undefined;
  readonly #patienceMs: number;
  #made: Made | undefined;

  constructor({ time, globals, patienceMs }: VirtualFleetOptions) {
    this.time = time;
    this.#globals = globals;
    this.#patienceMs = patienceMs;
  }

  /** Absent if the test scheduler only schedules. */
  get worker(): TestWorker | undefined {
    return this.#parts.worker;
  }

  get machine(): TimeMachine {
    return this.#parts.machine;
  }

  get ledger(): FleetLedger {
    return this.#parts.ledger;
  }

  /**
   * The rows of a job, decided and open ones, in the order of their fire times.
   * @throws {@link JobLookupError} if there never was such a job
   */
  rows(jobId: string): LedgerRow[] {
    const { memory, ledger } = this.#parts;
    if (!memory.has(jobId) && !ledger.hasKnown(jobId))
      throw new JobLookupError(jobId, suggest(jobId, this.jobIds()));
    const rows = [...memory.rows(jobId), ...memory.openRuns(jobId)];
    return rows.toSorted((a, b) => a.fireAt - b.fireAt);
  }

  jobIds(): string[] {
    return [...this.#parts.memory.jobs()].map(({ id }) => id);
  }

  /** Stores what a fleet had. @throws {@link CronduitError} */
  async begin(state: CheckedState): Promise<void> {
    const { engine } = this.#parts.memory;
    await engine.open();
    const into = { engine, by: systemActor("createTestScheduler") };
    await storeState(into, state, "error");
  }

  /** Makes a scheduler's parts. */
  assemble(settings: SchedulerSettings): SchedulerParts {
    const { time } = this;
    const clock = new VirtualClock(time);
    const logger = settings.logger ?? silentLogger;
    const memory = new VirtualMemory({ ...settings, time, clock, logger });
    const { engine } = memory;
    const registry = new PipelineRegistry(settings.pipelines, "createTestScheduler");
    const { container } = settings;
    const worker =
      settings.worker &&
      new TestWorker({
        time,
        engine,
        registry,
        container,
        logger,
        ...runtimeTuning(settings.worker),
      });
    const active = () => worker?.active ?? [];
    const others = this.#globals;
    const quiet = new Quiet({
      time,
      others,
      logger,
      patienceMs: this.#patienceMs,
      active,
      activity: () => (worker?.activity ?? 0) + memory.activity,
    });
    const ledger = new FleetLedger(memory);
    const machine = new TimeMachine({
      time,
      quiet,
      others,
      patienceMs: this.#patienceMs,
      activity: () => memory.activity,
      nextDueAt: () => memory.nextDueAt,
      nextChangeAt: (after) => memory.nextChangeAt(after),
      isAtRest: () => active().length === 0 && memory.isAtRest(),
      isWorking: () => memory.isWorking(),
      onQuiet: () => ledger.note(),
    });
    this.#made = { memory, worker, machine, ledger };
    // A test that failed before it closed the scheduler must not hold up its runner.
    const keepsProcess = false;
    const parts = { engine, registry, worker, clock, logger, keepsProcess };
    return around({ ...parts, aroundListener: withinListener }, settings);
  }

  /** Puts the real global timers back. */
  end(): void {
    this.#globals?.restore();
  }

  /** Whether the caller is the code of a run. */
  get isInRun(): boolean {
    return currentRun()?.active.hasEnded === false;
  }

  /** @throws {@link CronduitError} `INVALID_STATE` inside a run or a listener: the time waits for them before it moves. */
  refuseInside(what: string): void {
    const inside = this.isInRun ? "run" : currentListener() ? "listener" : undefined;
    if (inside === undefined) return;
    throw new CronduitError(
      "INVALID_STATE",
      `${what} was called inside a ${inside}, which would wait for itself. Call it in the test, beside the ${inside}.`,
    );
  }

  get #parts(): Made {
    if (this.#made) return this.#made;
    throw new CronduitError("INTERNAL", "the fleet was not assembled");
  }
}
