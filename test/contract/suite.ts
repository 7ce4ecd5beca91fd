import { afterAll, afterEach, beforeAll, describe, inject } from "vitest";
import type { ConnectionOption } from "../../src/engine/open-engine.ts";
import type { TestStores } from "../helpers/test-stores.ts";
import { admissionCases } from "./admission-cases.ts";
import { backfillCases } from "./backfill-cases.ts";
import { TestEngine } from "./test-engine.ts";
import { cancelCases } from "./cancel-cases.ts";
import { changeCases } from "./change-cases.ts";
import { catchUpCases } from "./catch-up-cases.ts";
import { cleaningCases } from "./cleaning-cases.ts";
import { conditionCases } from "./condition-cases.ts";
import { documentCases } from "./document-cases.ts";
import { crashCases } from "./crash-cases.ts";
import { eventCases } from "./event-cases.ts";
import { finishCases } from "./finish-cases.ts";
import { groupCases } from "./group-cases.ts";
import { healingCases } from "./healing-cases.ts";
import { addJobCases } from "./add-job-cases.ts";
import { jobCases } from "./job-cases.ts";
import { lastRunCases } from "./last-run-cases.ts";
import { ledgerCases } from "./ledger-cases.ts";
import { listCases } from "./list-cases.ts";
import { logCases } from "./log-cases.ts";
import { type TestedEngineName, noteCases } from "./matrix.ts";
import { overlapCases } from "./overlap-cases.ts";
import { pauseCases } from "./pause-cases.ts";
import { queueCases } from "./queue-cases.ts";
import { transferCases } from "./transfer-cases.ts";
import { transferRunsCases } from "./transfer-runs-cases.ts";
import { raceCases } from "./race-cases.ts";
import { requestCases } from "./request-cases.ts";
import { scopeCases } from "./scope-cases.ts";
import { retryCases } from "./retry-cases.ts";
import { runCases } from "./run-cases.ts";
import { schedulerCases } from "./scheduler-cases.ts";
import { statsCases } from "./stats-cases.ts";
import { skipCases } from "./skip-cases.ts";
import { timedCases } from "./timed-cases.ts";
import { stepCases } from "./step-cases.ts";
import { runListCases } from "./run-list-cases.ts";
import { semanticCases } from "./semantic-cases.ts";
import { textCases } from "./text-cases.ts";

/** An engine that is held to the contract. */
export interface TestedEngine {
  readonly name: TestedEngineName;
  /** The location of a separate fleet. */
  readonly connection: () => ConnectionOption | undefined;
  /** Where the cases of whole schedulers have theirs; engines inside a process serve one at a time. */
  readonly schedulerConnection: () => ConnectionOption | undefined;
  /** Where the cases stand that move the time and take queue jobs by hand. */
  readonly stores: TestStores;
  /** Where fleets have theirs that outlive a process, and the cases of those; absent if nothing outlives it. */
  readonly fleet?: {
    readonly connection: () => ConnectionOption;
    readonly cases: (context: CaseContext) => void;
  };
  /** Whether several processes can use it concurrently. */
  readonly isShared: boolean;
}

/** What each group of cases receives. */
export interface CaseContext {
  /** The engine, opened before the first case. */
  readonly bench: () => TestEngine;
  /** Another connection to the same fleet, or the same one where there can be no other. */
  readonly another: () => Promise<TestEngine>;
  readonly tested: TestedEngine;
  readonly prefix: string;
}

/** Wide: it only bounds how long a broken case takes. PostgreSQL in the process is slow on a busy machine. */
const LIMIT_MS = 120_000;

/** A word of both conditions and BullMQ, so that a mix-up shows. */
const NAMED_QUEUE = "runs";

/** Holds an engine to the contract: the same cases for all. */
export function holdToContract(tested: TestedEngine): void {
  describe(`contract on ${tested.name}`, { timeout: LIMIT_MS }, () => {
    const prefix = `contract-${process.pid}-${tested.name.replaceAll(" ", "-")}`;
    const benches: TestEngine[] = [];
    let passed = 0;
    let run = 0;

    const open = async (): Promise<TestEngine> => {
      const bench = new TestEngine(tested.connection(), prefix);
      await bench.engine.open();
      benches.push(bench);
      return bench;
    };
    const bench = (): TestEngine => {
      const [first] = benches;
      if (!first) throw new Error("the engine is not open");
      return first;
    };
    const another = async (): Promise<TestEngine> => {
      if (!tested.isShared) return bench();
      const more = await open();
      more.now = bench().now;
      return more;
    };

    beforeAll(async () => void (await open()), 120_000);
    afterEach(({ task }) => {
      run += 1;
      if (task.result?.state !== "fail" && (task.result?.errors?.length ?? 0) === 0) passed += 1;
    });
    afterAll(async () => {
      await Promise.all([...benches, ...benches].map(({ engine }) => engine.close()));
      noteCases(inject("contractFolder"), tested.name, passed, run);
    });

    const context: CaseContext = { bench, another, tested, prefix };
    describe("jobs", () => {
      jobCases(context);
      addJobCases(context);
    });
    describe("lists of jobs", () => {
      listCases(context);
    });
    describe("admission", () => {
      admissionCases(context);
    });
    describe("requests", () => {
      requestCases(context);
      scopeCases(context);
    });
    describe("skips", () => {
      skipCases(context);
    });
    describe("pauses", () => {
      pauseCases(context);
    });
    describe("catching up", () => {
      catchUpCases(context);
      changeCases(context);
    });
    describe("runs", () => {
      runCases(context);
      lastRunCases(context);
    });
    describe("crashes", () => {
      crashCases(context);
    });
    describe("steps", () => {
      stepCases(context);
    });
    describe("logs", () => {
      logCases(context);
    });
    describe("conditions", () => {
      conditionCases(context);
    });
    describe("overlap", () => {
      overlapCases(context);
    });
    describe("groups", () => {
      groupCases(context);
    });
    describe("retries and sleep", () => {
      retryCases(context);
    });
    describe("cancelling", () => {
      cancelCases(context);
    });
    describe("JOB_FINISHED", () => {
      finishCases(context);
    });
    describe("backfills", () => {
      backfillCases(context);
    });
    describe("ledger", () => {
      ledgerCases(context);
      cleaningCases(context);
      runListCases(context);
    });
    describe("roll-ups", () => {
      statsCases(context);
    });
    describe("events", () => {
      eventCases(context);
    });
    describe("timed changes", () => {
      timedCases(context);
    });
    describe("documents", () => {
      documentCases(context);
    });
    describe("healing", () => {
      healingCases(context);
    });
    describe("queues", () => {
      queueCases(context);
    });
    describe("on a named queue", () => {
      let onQueue: TestEngine | undefined;
      beforeAll(async () => void (onQueue = await bench().on(NAMED_QUEUE)));
      const named: CaseContext = { ...context, bench: () => onQueue ?? bench() };
      describe("admission", () => {
        admissionCases(named);
      });
      describe("skips", () => {
        skipCases(named);
      });
      describe("pauses", () => {
        pauseCases(named);
      });
      describe("conditions", () => {
        conditionCases(named);
      });
      describe("overlap", () => {
        overlapCases(named);
      });
      describe("groups", () => {
        groupCases(named);
      });
      describe("timed changes", () => {
        timedCases(named);
      });
    });
    describe("transfer", () => {
      transferCases(context);
      transferRunsCases(context);
    });
    describe("races", () => {
      raceCases(context);
    });
    // Memory ends with its process. These cases mostly wait for leases and locks to expire.
    describe.runIf(tested.fleet)("fleets", { concurrent: true }, () => {
      tested.fleet?.cases(context);
    });
    describe("schedulers", () => {
      schedulerCases(context);
      textCases(context);
    });
    describe("semantics", async () => {
      await semanticCases(context);
    });
  });
}
