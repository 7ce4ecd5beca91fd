import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Admission, Engine } from "../../src/engine/port/engine.ts";
import { makeEngine } from "../../src/engine/open-engine.ts";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";
import { WorkerRuntime } from "../../src/worker/worker-runtime.ts";
import { systemClock } from "../../src/index.ts";
import { Ending } from "../../src/core/ending.ts";
import { ProcessFleet } from "../crash/fleet.ts";
import { silent } from "../helpers/silent.ts";
import { startRedis } from "../helpers/redis-server.ts";
import { engineWith } from "../helpers/engine-with.ts";

const LOCK_MS = 1_500;

/** Calls `around` in place of the first `admit`. */
function withFirstAdmit(
  engine: Engine,
  around: (admit: () => Promise<Admission>) => Promise<Admission>,
): Engine {
  const { runs } = engine;
  let isFirst = true;
  return engineWith(engine, {
    runs: {
      admit(request) {
        if (!isFirst) return runs.admit(request);
        isFirst = false;
        return around(() => runs.admit(request));
      },
    },
  });
}

test.each(["the call", "the answer"] as const)(
  "a worker whose lock ended before %s of its admission came executes nothing, and counts as no crash",
  { timeout: 120_000 },
  async (late) => {
    await using server = await startRedis();
    await using fleet = await ProcessFleet.start(server.url);
    const given = {
      connection: server.url,
      prefix: fleet.prefix,
      clock: systemClock,
      logger: silent,
      timeoutMs: 10_000,
    };
    const engine = makeEngine(given);
    await engine.open();
    const sleep = async (): Promise<void> => {
      process.kill(server.pid, "SIGSTOP");
      await delay(LOCK_MS * 2);
      process.kill(server.pid, "SIGCONT");
    };
    let isLate = false;
    const runtime = new WorkerRuntime({
      engine: withFirstAdmit(engine, async (admit) => {
        if (late === "the answer") {
          const answer = await admit();
          await sleep();
          isLate = true;
          return answer;
        }
        const slept = sleep();
        const answer = await admit();
        await slept;
        isLate = true;
        return answer;
      }),
      registry: new PipelineRegistry([fleet.pipeline("task")]),
      container: undefined,
      clock: systemClock,
      logger: silent,
      queues: ["default"],
      concurrency: 1,
      lockMs: LOCK_MS,
      stalledCheckMs: 500,
      maxCrashes: 1,
    });
    await runtime.start();
    await fleet.add("job", { trigger: "date", runDate: "2090-01-01", params: { ms: 10 } });
    const runId = await fleet.scheduler.runJob("job");
    await fleet.until("the late admission", () => isLate);
    await fleet.until("the verdict", async () =>
      (await fleet.ledger("job")).some(({ verdict }) => verdict === "succeeded"),
    );
    // A take that starts nothing is no start; one that started and was handed back is.
    const attempt = late === "the call" ? 1 : 2;
    expect(await fleet.ledger("job")).toMatchObject([{ id: runId, verdict: "succeeded", attempt }]);
    expect(fleet.lines("start", "job").map((line) => line.attempt)).toEqual([attempt]);
    await runtime.stop(new Ending(systemClock, 5_000));
    await engine.close();
  },
);
