import { Rights } from "../../src/scheduler/rights.ts";
import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { Pipeline } from "../../src/index.ts";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";
import { ChangeLog } from "../../src/scheduler/change-log.ts";
import { JobCommands } from "../../src/scheduler/job-commands.ts";
import { engineThrough } from "../helpers/engine-with.ts";
import { at, type TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

class Report extends Pipeline {
  override run(): void {
    // Nobody takes it.
  }
}

const quiet = (): void => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** Adding one job: few round trips, and an answer that has the job. */
export function addJobCases({ bench }: CaseContext): void {
  /** The commands of a scheduler, and the calls that they made to the engine. */
  const commandsOn = ({ engine }: TestEngine) => {
    const calls: string[] = [];
    const counted = engineThrough(engine, (path, method) => {
      calls.push(path);
      return method();
    });
    const commands = new JobCommands({
      rights: new Rights(TESTER),
      engine: counted,
      registry: new PipelineRegistry([Report]),
      logger,
      changes: new ChangeLog(logger, systemClock),
      defaults: { timezone: "UTC", calendars: new Map() },
    });
    return { commands, calls };
  };

  test("a job is added, and declared again, in two round trips; a conflict needs no third", async () => {
    const b = bench();
    const { commands, calls } = commandsOn(b);
    const id = `two-trips-${b.now}`;
    const options = { id, trigger: "interval", hours: 1, queue: b.queue };
    const added = await commands.addOne({ pipeline: Report, options });
    const again = await commands.addOne({ pipeline: Report, options });
    expect(again).toEqual(added);
    await expect(
      commands.addOne({ pipeline: Report, options: { ...options, hours: 2 } }),
    ).rejects.toMatchObject({ code: "CONFLICTING_ID" });
    expect(calls).toEqual(["now", "jobs.put", "now", "jobs.put", "now", "jobs.put"]);
    expect(await b.engine.jobs.get([id])).toEqual([added]);
  });

  test("a job that is replaced is answered as it is then", async () => {
    const b = bench();
    const { commands } = commandsOn(b);
    const options = { id: `replaced-${b.now}`, trigger: "interval", hours: 1, queue: b.queue };
    await commands.addOne({ pipeline: Report, options });
    const fresh = { ...options, maxInstances: 7, replaceExisting: true };
    const replaced = await commands.addOne({ pipeline: Report, options: fresh });
    expect(replaced.definition.policy.maxInstances).toBe(7);
    expect(await b.engine.jobs.get([options.id])).toEqual([replaced]);
  });

  test.each(["active", "paused"] as const)(
    "the answer has the job as it is stored, if that is asked for: %s",
    async (state) => {
      const b = bench();
      const job = await b.addJob();
      b.now += 1_000;
      const { runId } = await b.run(job, b.now);
      // A run goes on when its job is removed, and holds an instance of the one that is added again.
      const { id } = job;
      await b.engine.jobs.remove({
        by: TESTER,
        jobId: id,
        expectedWatermark: undefined,
        skipped: [],
      });
      const put = { ...b.put({ id, state, upcoming: [at(b.now + 60_000)] }), isRead: true };
      const [created] = await b.engine.jobs.put([put]);
      expect(created).toMatchObject({ outcome: "created", job: { state, running: 1 } });
      const [same] = await b.engine.jobs.put([put]);
      const conflicting = { ...b.put({ id, declared: "two" }), isRead: true };
      const [exists] = await b.engine.jobs.put([conflicting]);
      const [stored] = await b.engine.jobs.get([id]);
      expect(stored?.definition).toEqual(put.definition);
      expect([created?.job, same, exists]).toEqual([
        stored,
        { outcome: "same", job: stored },
        { outcome: "exists", ...(exists?.job && { job: stored }) },
      ]);
      await b.settle(job, runId, 1);
    },
  );
}
