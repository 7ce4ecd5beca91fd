import { expect, test, vi } from "vitest";
import type { AdmitRequest } from "../../src/engine/port/engine.ts";
import { at, type CaseJob, type TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** What counts as a crash of a run, and what does not. */
export function crashCases({ bench }: CaseContext): void {
  const began = async (): Promise<{
    b: TestEngine;
    job: CaseJob;
    again: Again;
    runId: string;
  }> => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const fireAt = b.now;
    const { runId } = await b.run(job, fireAt);
    const again: Again = (more = {}) => b.admit(job, [at(fireAt)], more);
    return { b, job, again, runId };
  };
  type Again = (more?: Partial<AdmitRequest>) => ReturnType<TestEngine["admit"]>;

  test("a worker that says in time that it lost its lock did not crash", async () => {
    const { b, job, again, runId } = await began();
    for (let start = 1; start <= 4; start += 1) {
      await b.engine.runs.noteAlive(b.hold(job, runId, start));
      expect(await again()).toMatchObject({ outcome: "run", run: { start: start + 1 } });
    }
  });

  test.each(["note", "settle", "suspend", "hand-back", "step"])(
    "one that comes back after its run was taken up takes its crash back: %s",
    async (contact) => {
      const { b, job, again, runId } = await began();
      const come = (start: number): Promise<unknown> => {
        const hold = b.hold(job, runId, start);
        if (contact === "note") return b.engine.runs.noteAlive(hold);
        if (contact === "settle") return b.settle(job, runId, start);
        if (contact === "hand-back") return b.engine.runs.handBack(hold);
        if (contact === "step")
          return b.engine.steps.save(hold, {
            name: "one",
            kind: "step",
            startedAt: b.now,
            finishedAt: b.now,
            tries: 1,
            attempt: start,
          });
        return b.engine.runs.suspend({
          ...hold,
          kind: "sleep",
          until: { inMs: 0 },
          worker: "w",
          error: undefined,
        });
      };
      for (let start = 1; start <= 4; start += 1) {
        expect(await again()).toMatchObject({ outcome: "run", run: { start: start + 1 } });
        await come(start);
        // Once is enough, and a repetition counts once.
        await come(start);
      }
      expect((await b.settle(job, runId, 5)).outcome).toBe("settled");
    },
  );

  test("only crashes end a run, and the reason names the workers that were not heard of", async () => {
    const { b, job, again, runId } = await began();
    await again({ worker: "worker-2" });
    await b.engine.runs.noteAlive(b.hold(job, runId, 1));
    await again({ worker: "worker-3" });
    await again({ worker: "worker-4" });
    expect((await again({ worker: "worker-5" })).outcome).toBe("none");
    const [row] = await b.ledger(job);
    expect(row).toMatchObject({ state: "failed", error: { code: "RUN_CRASHED" } });
    expect(row?.error?.message).toMatch(/ 3 starts .*: worker-2, worker-3, worker-4$/);
  });

  test("a word for another run, or of a run that has ended, changes nothing", async () => {
    const { b, job, again, runId } = await began();
    await again();
    await b.engine.runs.noteAlive({ ...b.hold(job, runId, 1), runId: "another:1:1" });
    await again();
    expect((await again()).outcome).toBe("none");
    await b.engine.runs.noteAlive(b.hold(job, runId, 1));
    expect(await b.ledger(job)).toMatchObject([{ state: "failed" }]);
  });

  test("of runs on their last chance a worker executes one at a time, so that none ends for what another did", async () => {
    const first = await began();
    const second = await began();
    const { b } = first;
    // Both were in the hands of one worker when it died, and of another.
    for (const { again } of [first, second]) {
      await again({ worker: "w-2" });
    }
    expect((await first.again({ worker: "w-3" })).outcome).toBe("run");
    const refused = await second.again({ worker: "w-3" });
    expect(refused).toMatchObject({ outcome: "early" });
    // Another worker takes it; and this one, when it is done with the first.
    expect((await second.again({ worker: "w-4" })).outcome).toBe("run");
    expect((await first.again({ worker: "w-5" })).outcome).toBe("none");
    expect(await b.ledger(first.job)).toMatchObject([{ state: "failed" }]);
    await b.settle(second.job, second.runId, 3);
    expect(await b.ledger(second.job)).toMatchObject([{ state: "succeeded" }]);
  });

  test("when the one on its last chance has ended, the other has its turn with the same worker", async () => {
    const [first, second] = [await began(), await began()];
    const { b } = first;
    for (const { again } of [first, second]) await again({ worker: "w-2" });
    await first.again({ worker: "w-3" });
    expect((await second.again({ worker: "w-3" })).outcome).toBe("early");
    await b.settle(first.job, first.runId, 3);
    expect((await second.again({ worker: "w-3" })).outcome).toBe("run");
  });

  /** Takes a queue job and keeps it until told to put it back. */
  const take = async (
    b: TestEngine,
    queueJobId: string,
  ): Promise<{ lock: string | undefined; putBack: () => Promise<void> }> => {
    const locks: (string | undefined)[] = [];
    let putBack: () => void = () => undefined;
    const isOver = new Promise<void>((resolve) => (putBack = resolve));
    const consumer = b.engine.queue.consume({
      concurrency: 5,
      lockMs: 30_000,
      stalledCheckMs: 30_000,
      onError: () => undefined,
      handle: async ({ id, lock }) => {
        if (id !== queueJobId) return "done";
        locks.push(lock);
        await isOver;
        return "hand-back";
      },
    });
    await vi.waitUntil(() => locks.length > 0, { timeout: 20_000, interval: 10 });
    const ended = consumer.stop();
    return {
      lock: locks[0],
      putBack: async () => {
        putBack();
        await ended;
      },
    };
  };

  test("a call for a queue job that was lost meanwhile begins nothing, and what one before it began did not crash", async () => {
    const b = bench();
    const job = await b.addJob();
    b.now += 1_000;
    const fireAt = b.now;
    const id = b.queueJobId(job, fireAt);
    const admit = (more: Partial<AdmitRequest>) => b.admit(job, [at(fireAt)], more);
    const before = await b.stored(job);

    const first = await take(b, id);
    await first.putBack();
    const second = await take(b, id);
    expect(second.lock).not.toBe(first.lock);
    expect((await admit({ lock: first.lock })).outcome).toBe("none");
    expect(await b.stored(job)).toEqual(before);
    const asked = { lock: second.lock, take: "the second" };
    expect(await admit(asked)).toMatchObject({ outcome: "run", run: { start: 1 } });
    expect(await admit(asked)).toMatchObject({ outcome: "run", run: { start: 1 } });
    await second.putBack();
    // Nobody has it.
    expect((await admit(asked)).outcome).toBe("none");

    const third = await take(b, id);
    const last = { lock: third.lock, maxCrashes: 1 };
    expect(await admit(last)).toMatchObject({ outcome: "run", run: { start: 2 } });
    // What another start holds, a late call leaves alone.
    expect((await admit(asked)).outcome).toBe("none");
    expect((await b.settle(job, id, 2)).outcome).toBe("settled");
    expect(await b.ledger(job)).toMatchObject([{ state: "succeeded" }]);
    await third.putBack();
  });
}
