import { afterAll, afterEach, beforeAll, describe, inject } from "vitest";
import type { ConnectionOption } from "../../src/engine/open-engine.ts";
import type { Arena } from "../helpers/arena.ts";
import { admissionCases } from "./admission-cases.ts";
import { backfillCases } from "./backfill-cases.ts";
import { EngineBench } from "./bench-of-engine.ts";
import { cancelCases } from "./cancel-cases.ts";
import { catchUpCases } from "./catch-up-cases.ts";
import { conditionCases } from "./condition-cases.ts";
import { crashCases } from "./crash-cases.ts";
import { eventCases } from "./event-cases.ts";
import { finishCases } from "./finish-cases.ts";
import { groupCases } from "./group-cases.ts";
import { fleetCases } from "./fleet-cases.ts";
import { healingCases } from "./healing-cases.ts";
import { jobCases } from "./job-cases.ts";
import { lastRunCases } from "./last-run-cases.ts";
import { ledgerCases } from "./ledger-cases.ts";
import { logCases } from "./log-cases.ts";
import { type ContenderName, noteCases } from "./matrix.ts";
import { overlapCases } from "./overlap-cases.ts";
import { queueCases } from "./queue-cases.ts";
import { movingCases } from "./transfer-cases.ts";
import { movingRunsCases } from "./transfer-runs-cases.ts";
import { raceCases } from "./race-cases.ts";
import { retryCases } from "./retry-cases.ts";
import { runCases } from "./run-cases.ts";
import { schedulerCases } from "./scheduler-cases.ts";
import { stepCases } from "./step-cases.ts";
import { semanticCases } from "./semantic-cases.ts";
import { textCases } from "./text-cases.ts";

/** An engine that is held to the contract. */
export interface Contender {
  readonly name: ContenderName;
  /** Where one fleet of its own is. */
  readonly connection: () => ConnectionOption | undefined;
  /** Where the cases of whole schedulers have theirs; engines inside a process serve one at a time. */
  readonly schedulerConnection: () => ConnectionOption | undefined;
  /** Where the cases stand that move the time and take queue jobs by hand. */
  readonly arena: Arena;
  /** Where fleets have theirs that outlive a process; absent if nothing does. */
  readonly fleetConnection?: () => ConnectionOption;
  /** Whether several processes can work on it at once. */
  readonly isShared: boolean;
}

/** What a group of cases is given. */
export interface Subject {
  /** The engine, opened before the first case. */
  readonly bench: () => EngineBench;
  /** Another connection to the same fleet, or the same one where there can be no other. */
  readonly another: () => Promise<EngineBench>;
  readonly contender: Contender;
  readonly prefix: string;
}

/** Wide: it only bounds how long a broken case takes. PostgreSQL in the process is slow on a busy machine. */
const LIMIT_MS = 120_000;

/** A word that conditions and BullMQ know, so that whoever takes the one for the other is found out. */
const NAMED_QUEUE = "runs";

/** Holds an engine to the contract: the same cases for all. */
export function holdToContract(contender: Contender): void {
  describe(`contract on ${contender.name}`, { timeout: LIMIT_MS }, () => {
    const prefix = `contract-${process.pid}-${contender.name.replaceAll(" ", "-")}`;
    const benches: EngineBench[] = [];
    let passed = 0;
    let run = 0;

    const open = async (): Promise<EngineBench> => {
      const bench = new EngineBench(contender.connection(), prefix);
      await bench.engine.open();
      benches.push(bench);
      return bench;
    };
    const bench = (): EngineBench => {
      const [first] = benches;
      if (!first) throw new Error("the engine is not open");
      return first;
    };
    const another = async (): Promise<EngineBench> => {
      if (!contender.isShared) return bench();
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
      noteCases(inject("contractFolder"), contender.name, passed, run);
    });

    const subject: Subject = { bench, another, contender, prefix };
    describe("jobs", () => {
      jobCases(subject);
    });
    describe("admission", () => {
      admissionCases(subject);
    });
    describe("catching up", () => {
      catchUpCases(subject);
    });
    describe("runs", () => {
      runCases(subject);
      lastRunCases(subject);
    });
    describe("crashes", () => {
      crashCases(subject);
    });
    describe("steps", () => {
      stepCases(subject);
    });
    describe("logs", () => {
      logCases(subject);
    });
    describe("conditions", () => {
      conditionCases(subject);
    });
    describe("overlap", () => {
      overlapCases(subject);
    });
    describe("groups", () => {
      groupCases(subject);
    });
    describe("retries and sleep", () => {
      retryCases(subject);
    });
    describe("cancelling", () => {
      cancelCases(subject);
    });
    describe("JOB_FINISHED", () => {
      finishCases(subject);
    });
    describe("backfills", () => {
      backfillCases(subject);
    });
    describe("ledger", () => {
      ledgerCases(subject);
    });
    describe("events", () => {
      eventCases(subject);
    });
    describe("healing", () => {
      healingCases(subject);
    });
    describe("queues", () => {
      queueCases(subject);
    });
    describe("on a named queue", () => {
      let onQueue: EngineBench | undefined;
      beforeAll(async () => void (onQueue = await bench().on(NAMED_QUEUE)));
      const named: Subject = { ...subject, bench: () => onQueue ?? bench() };
      describe("admission", () => {
        admissionCases(named);
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
    });
    describe("moving", () => {
      movingCases(subject);
      movingRunsCases(subject);
    });
    describe("races", () => {
      raceCases(subject);
    });
    // What is in memory ends with its process. The cases wait for leases and locks to end, most of the time.
    describe.runIf(contender.fleetConnection)("fleets", { concurrent: true }, () => {
      fleetCases(subject);
    });
    describe("schedulers", () => {
      schedulerCases(subject);
      textCases(subject);
    });
    describe("semantics", async () => {
      await semanticCases(subject);
    });
  });
}
