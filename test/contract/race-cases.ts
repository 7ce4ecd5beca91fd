import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import { at, type TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

const RACERS = 20;
const ROUNDS = 1_000;

/** Many workers at once. */
export function raceCases({ bench, another }: CaseContext): void {
  let others: TestEngine[] | undefined;

  /** Each worker with its own connections, where there can be several; all by one clock. */
  async function racers(): Promise<(i: number) => TestEngine> {
    others ??= await Promise.all(Array.from({ length: RACERS }, () => another()));
    const benches = others;
    return (i) => {
      const b = benches[i % benches.length] ?? bench();
      b.now = bench().now;
      return b;
    };
  }

  test(`${RACERS} workers race for one instance, ${ROUNDS} rounds: one gets it, and none is lost`, async () => {
    const b = bench();
    const racer = await racers();
    const job = await b.addJob({
      policy: { coalesce: true, maxInstances: 1 },
      retention: { count: 9 },
    });
    for (let round = 0; round < ROUNDS; round += 1) {
      b.now += 1_000;
      const fireAt = b.now;
      const answers = await Promise.all(
        Array.from({ length: RACERS }, (_, i) =>
          racer(i).admit(job, [at(fireAt)], { queueJobId: `${job.id}:${i + 1}:${fireAt}` }),
        ),
      );
      const runs = answers.flatMap((answer) => (answer.outcome === "run" ? [answer.run] : []));
      expect(runs).toHaveLength(1);
      expect((await b.stored(job)).running).toBe(1);
      const winner = answers.findIndex(({ outcome }) => outcome === "run");
      const hold = racer(winner).hold(job, `${job.id}:${winner + 1}:${fireAt}`);
      const ends = await Promise.all(
        [0, 1, 2].map((i) => racer(i).settle(job, hold.queueJobId, 1, hold)),
      );
      expect(ends.filter(({ outcome }) => outcome === "settled")).toHaveLength(1);
    }
    expect(await b.stored(job)).toMatchObject({ running: 0, counts: { succeeded: ROUNDS } });
  }, 240_000);

  test("as many run as there are instances, whoever asks first", async () => {
    const b = bench();
    const racer = await racers();
    for (const maxInstances of [2, 7]) {
      const job = await b.addJob({ policy: { maxInstances }, state: "active" });
      const asked = await Promise.all(
        Array.from({ length: RACERS }, (_, i) =>
          racer(i).engine.requests.run({ by: TESTER, jobId: job.id, sequence: i }),
        ),
      );
      const answers = await Promise.all(
        asked.map((run, i) =>
          racer(i).admit(job, [], {
            kind: "manual",
            knowsSchedule: false,
            queueJobId: run === "missing" ? "" : run.runId,
          }),
        ),
      );
      expect(answers.filter(({ outcome }) => outcome === "run")).toHaveLength(maxInstances);
      expect(await b.stored(job)).toMatchObject({
        running: maxInstances,
        counts: { skipped: RACERS - maxInstances },
      });
    }
  });

  test("batches that hold the same jobs in opposite orders do not block each other", async () => {
    const b = bench();
    const racer = await racers();
    const jobs = await Promise.all(Array.from({ length: 20 }, () => b.addJob()));
    for (let round = 0; round < 10; round += 1) {
      b.now += 1_000;
      const fireAt = b.now;
      const answers = await Promise.all(
        Array.from({ length: 5 }, (_, i) =>
          (i % 2 === 0 ? jobs : jobs.toReversed()).map((job) => racer(i).admit(job, [at(fireAt)])),
        ).flat(),
      );
      expect(answers).toHaveLength(100);
      // The same queue job taken five times is five attempts of one run.
      const runs = jobs.map((job) => b.stored(job));
      expect((await Promise.all(runs)).every(({ running }) => running <= 1)).toBe(true);
      await Promise.all(
        jobs.map(async (job) => {
          const [open] = await b.engine.ledger.readOpenRuns(job.id);
          if (open) await b.settle(job, open.id, open.attempt);
        }),
      );
    }
  });

  test("of many changes of one revision one applies", async () => {
    const b = bench();
    const racer = await racers();
    const job = await b.addJob();
    const { revision } = await b.stored(job);
    const event = { name: "JOB_MODIFIED", at: b.now, jobId: job.id } as const;
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        racer(i).engine.jobs.change({
          by: TESTER,
          jobId: job.id,
          expectedRevision: revision,
          event,
        }),
      ),
    );
    expect(results.filter(({ outcome }) => outcome === "changed")).toHaveLength(1);
  });

  test("a hundred equal declarations make one job", async () => {
    const b = bench();
    const racer = await racers();
    const puts = Array.from({ length: 10 }, () => b.put());
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        racer(i).engine.jobs.put(i % 2 === 0 ? puts : puts.toReversed()),
      ),
    );
    const created = results.flat().filter(({ outcome }) => outcome === "created");
    expect(created).toHaveLength(puts.length);
    expect(results.flat().filter(({ outcome }) => outcome === "same")).toHaveLength(90);
  });
}
