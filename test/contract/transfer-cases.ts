import { TESTER } from "../helpers/tester.ts";
import { expect, test } from "vitest";
import type { Engine } from "../../src/engine/port/engine.ts";
import type { ImportStep } from "../../src/engine/port/transfer.ts";
import { explain } from "../../src/history/explain.ts";
import { queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import { comparable, exported, imported } from "../transfer/moved-state.ts";
import { plainJob, queuedRun, stateText } from "../transfer/state-text.ts";
import { at, type CaseJob, TestEngine, type JobShape, START } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";
import { engineWith } from "../helpers/engine-with.ts";

/** An embedded engine takes seconds to start, many on a busy machine. */
const LIMIT_MS = 120_000;

type Jobs = Readonly<Record<string, CaseJob>>;

/** Every second, so that a case's upcoming occurrences match the trigger's. */
export async function addEverySecond(
  b: TestEngine,
  shape: JobShape & { id: string },
): Promise<CaseJob> {
  const put = b.put(shape);
  const trigger = { kind: "interval", timezone: "UTC", everyMs: 1_000, anchorAt: START } as const;
  const definition = { ...put.definition, trigger };
  const [result] = await b.engine.jobs.put([{ ...put, definition }]);
  if (result?.outcome !== "created") throw new Error("the job was not created");
  return { id: shape.id, generation: result.generation };
}

/** A fleet in which everything that can be moved is there; `b.now` is 5 s after its start. */
async function fill(b: TestEngine): Promise<Jobs> {
  const from = b.now;
  const due = await addEverySecond(b, { id: "due", description: "läuft \u0000 \ud800" });
  const queued = await addEverySecond(b, { id: "queued", policy: { coalesce: false } });
  const held = await addEverySecond(b, { id: "held: 50%", policy: { maxInstances: 2 } });
  const paused = await addEverySecond(b, { id: "paused", state: "paused" });
  const gone = await addEverySecond(b, { id: "gone" });
  const over = await addEverySecond(b, { id: "over" });
  b.now += 1_000;
  for (const [job, verdict] of [
    [due, "succeeded"],
    [gone, "cancelled"],
    [over, "failed"],
  ] as const) {
    const { runId } = await b.run(job, b.now, job === over ? { upcoming: [] } : {});
    const error = { name: "TypeError", message: "\ud800 no" };
    await b.settle(job, runId, 1, {
      verdict,
      resultJson: JSON.stringify({ rows: [1, null, "\u0000"] }),
      ...(verdict === "failed" ? { error } : {}),
    });
  }
  await b.engine.jobs.remove({
    by: TESTER,
    jobId: gone.id,
    expectedWatermark: undefined,
    skipped: [],
  });
  b.now += 3_000;
  await b.admit(due, [at(from + 2_000), at(from + 3_000)]);
  await b.settle(due, b.queueJobId(due, from + 3_000));
  // Three are claimed, and the first of them runs and is given back.
  const three = [from + 1_000, from + 2_000, from + 3_000].map((fireAt) => at(fireAt));
  await b.admit(queued, three, { upcoming: [at(from + 4_000), at(from + 5_000)] });
  await b.engine.runs.handBack(b.hold(queued, b.queueJobId(queued, from + 3_000)));
  // Its worker died.
  await b.run(held, from + 4_000);
  await b.engine.requests.run({
    by: TESTER,
    jobId: paused.id,
    sequence: 7,
    params: { by: "hand" },
  });
  await b.engine.requests.run({ by: TESTER, jobId: due.id, sequence: 8 });
  const { documents } = b.engine;
  await documents.putIfRevision("__proto__", { name: "Ada \u0000 \ud800" }, "absent");
  await documents.putIfRevision("silence/1", [1], "absent", { expiresAt: from + 3_600_000 });
  await documents.putIfRevision("silence/2", [2], "absent", { expiresAt: b.now + 1 });
  await documents.putIfRevision("session/1", "of a session", "absent", { stays: true });
  b.now += 1_000;
  return { due, queued, held, paused, gone, over };
}

/** Dies at the `n`th step, before or after it took effect; each step is of one record. */
function dying(engine: Engine, n: number, isStored: boolean): Engine {
  let steps = 0;
  const importRecords = async (step: ImportStep) => {
    let answer = await engine.transfer.importRecords({ ...step, records: [], isDone: false });
    for (const record of step.records) {
      steps += 1;
      if (steps === n && !isStored) throw new Error("died");
      answer = await engine.transfer.importRecords({ ...step, records: [record], isDone: false });
      if (answer.existing.length > 0) return answer;
      if (steps === n) throw new Error("died");
    }
    return step.isDone ? engine.transfer.importRecords(step) : answer;
  };
  return engineWith(engine, { transfer: { importRecords } });
}

/** Moving a fleet's state to an empty engine of the same kind. */
export function transferCases({ bench, tested, prefix }: CaseContext): void {
  // One after the other: a folder can be open once.
  let fleets = 0;
  const open = async (): Promise<TestEngine & AsyncDisposable> => {
    fleets += 1;
    const b = new TestEngine(tested.schedulerConnection(), `${prefix}-move${fleets}`);
    await b.engine.open();
    return Object.assign(b, { [Symbol.asyncDispose]: () => b.engine.close() });
  };
  // Made once: an engine inside the process takes seconds to start.
  let known: { jobs: Jobs; text: string; seen: unknown } | undefined;
  const filled = async () => {
    if (known) return known;
    await using source = await open();
    const jobs = await fill(source);
    const text = await exported(source.engine);
    expect(await source.engine.queue.isPaused()).toBe(true);
    return (known = { jobs, text, seen: await seen(source, jobs) });
  };
  const audit = (b: TestEngine) =>
    b.engine.healing.audit({
      horizonMs: 10_000,
      offset: 0,
      limit: 10_000,
      overdueMs: 1e9,
      finishedRetentionMs: 1e12,
    });
  const seen = async (b: TestEngine, jobs: Jobs) => {
    const found: unknown[] = [];
    for (const job of Object.values(jobs)) {
      const [stored] = await b.engine.jobs.get([job.id]);
      const { revision: _, generation: __, ...rest } = stored ?? {};
      const rows = await b.ledger(job);
      const unfinished = (await b.engine.ledger.readOpenRuns(job.id)).toSorted((x, y) =>
        x.id < y.id ? -1 : 1,
      );
      const told: unknown[] = [];
      for (let ms = 1_000; ms <= 6_000; ms += 1_000) {
        // The next attempt determines the holder of a run that nobody executes.
        const { run: ___, ...explanation } = await explain(b.engine, job.id, START + ms, "all");
        told.push(explanation);
      }
      found.push({
        ...rest,
        rows,
        told,
        unfinished: unfinished.map(({ state: ____, ...row }) => row),
      });
    }
    return found;
  };

  test(
    "jobs, history, what waits and what was begun are there as they were, and go on",
    async () => {
      const { jobs, text, seen: before } = await filled();
      await using b = await open();
      b.now = START + 5_000;
      const cursor = await b.engine.events.latestCursor();
      expect(await imported(b.engine, text)).toEqual({
        jobs: 5,
        removedJobs: 1,
        requests: 2,
        ledgerRows: 5,
        logLines: 0,
        steps: 0,
        documents: 2,
        skipped: [],
      });
      expect(await seen(b, jobs)).toEqual(before);
      expect(comparable(await exported(b.engine))).toEqual(comparable(text));
      expect(await b.engine.documents.list("", undefined, 10)).toMatchObject({
        documents: [
          { key: "__proto__", value: { name: "Ada \u0000 \ud800" } },
          { key: "silence/1", value: [1], expiresAt: START + 3_600_000 },
        ],
      });
      expect(text).not.toContain("of a session");
      await b.engine.queue.setPaused(false);
      const added = (await b.events(cursor)).filter(({ name }) => name === "JOB_ADDED");
      expect(added.map(({ jobId = "" }) => jobId).toSorted()).toEqual([
        "due",
        "held: 50%",
        "over",
        "paused",
        "queued",
      ]);
      expect(await audit(b)).toEqual([]);

      const stored = async (id: string): Promise<CaseJob> => {
        const { generation } = await b.stored({ id, generation: 0 });
        expect(generation).toBeGreaterThan(jobs[id]?.generation ?? 0);
        return { id, generation };
      };
      const due = await stored("due");
      // No queue job decides again what was decided there.
      const old = await b.admit(due, [at(START + 3_000)], { base: START + 2_000 });
      expect(old.outcome).toBe("none");
      const both = [at(START + 4_000), at(START + 5_000)];
      const run = await b.admit(due, both, { base: START + 3_000 });
      expect(run).toMatchObject({
        outcome: "run",
        run: { attempt: 1, count: 2, fireAt: START + 5_000 },
      });
      expect(run).toMatchObject({
        run: { lastRun: { fireAt: START + 3_000, verdict: "succeeded" } },
      });

      // The started run continues as the next attempt of the same run, ahead of those behind it.
      const queued = await stored("queued");
      const first = { id: "queued", generation: jobs["queued"]?.generation ?? 0 };
      const taken = await b.admit(first, [], { queueJobId: b.queueJobId(first, START + 3_000) });
      expect(taken).toMatchObject({
        outcome: "run",
        run: { attempt: 2, runId: b.queueJobId(first, START + 1_000) },
      });
      await b.settle(queued, b.queueJobId(first, START + 3_000), 2);
      const next = await b.admit(queued, [], {
        queueJobId: queueJobIdOf({
          jobId: "queued",
          kind: "wakeup",
          sequence: 1e6,
          fireAt: 1,
        }),
        kind: "wakeup",
      });
      expect(next).toMatchObject({
        run: { runId: b.queueJobId(first, START + 2_000), attempt: 1 },
      });

      const { runId = "" } =
        (await b.engine.ledger.readOpenRuns("paused")).map(({ id }) => ({ runId: id }))[0] ?? {};
      const manual = await b.admit({ id: "paused", generation: 0 }, [], {
        kind: "manual",
        queueJobId: runId,
      });
      expect(manual).toMatchObject({ run: { kind: "manual", params: { by: "hand" } } });
    },
    LIMIT_MS,
  );

  test(
    "the queue jobs of all that is to run are there, and none more",
    async () => {
      const { text } = await filled();
      await using b = await open();
      b.now = START + 5_000;
      await imported(b.engine, text);
      const ids = new Set<string>();
      const consumer = b.engine.queue.consume({
        concurrency: 1,
        lockMs: 30_000,
        stalledCheckMs: 30_000,
        onError: () => undefined,
        handle: async ({ id }) => {
          ids.add(id);
          return "done";
        },
      });
      const expected: string[] = [];
      for (const id of ["due", "queued", "held: 50%"]) {
        const job = { id, generation: (await b.stored({ id, generation: 0 })).generation };
        const from = id === "due" ? 4_000 : id === "queued" ? 4_000 : 5_000;
        expected.push(b.queueJobId(job, START + from));
      }
      for (const line of text.split("\n").slice(1, -2)) {
        const record = JSON.parse(line) as { runId?: string; runs?: { queueJobId: string }[] };
        if (record.runId !== undefined) expected.push(record.runId);
        expected.push(...(record.runs ?? []).map(({ queueJobId }) => queueJobId));
      }
      await expect
        .poll(() => [...ids].toSorted(), { timeout: 20_000 })
        .toEqual(expected.toSorted());
      await consumer.stop();
    },
    LIMIT_MS,
  );

  test(
    "an import that died at any step is completed by the next, and nothing is there twice",
    async () => {
      const { text } = await filled();
      const whole = comparable(text);
      const isRecord = (line: string): boolean =>
        !/^{"(?:cronduit|kind":"(?:document|end))"/.test(line);
      const steps = text.trimEnd().split("\n").filter(isRecord).length;
      await using b = await open();
      b.now = START + 5_000;
      // Dies at one step after the other, which each try gets by one record further.
      for (let n = 0; n < steps; n += 1) {
        await expect(imported(dying(b.engine, 1, false), text)).rejects.toThrow("died");
        await expect(imported(dying(b.engine, 1, true), text)).rejects.toThrow("died");
      }
      const summary = await imported(b.engine, text);
      expect(summary).toMatchObject({ jobs: 5, requests: 2, ledgerRows: 5, skipped: [] });
      expect(comparable(await exported(b.engine))).toEqual(whole);
      await expect(imported(b.engine, text)).rejects.toMatchObject({
        code: "CONFLICTING_ID",
        data: { jobIds: expect.arrayContaining(["due", "over"]) as unknown },
      });
      expect(await imported(b.engine, text, { onConflict: "skip" })).toMatchObject({ jobs: 0 });
      expect(comparable(await exported(b.engine))).toEqual(whole);
    },
    LIMIT_MS,
  );

  test(
    "a run that was begun by the first try of an import is not begun again by the next",
    async () => {
      const b = bench();
      const id = "moved-with-request";
      const runId = queueJobIdOf({ jobId: id, kind: "manual", sequence: 1, fireAt: b.now });
      const request = { kind: "request", jobId: id, runId, fireAt: b.now } as const;
      const text = stateText([plainJob(id, b.now), request]);
      await expect(imported(dying(b.engine, 2, true), text)).rejects.toThrow("died");
      const job = { id, generation: 0 };
      const manual = await b.admit(job, [], { kind: "manual", queueJobId: runId });
      expect(manual).toMatchObject({ outcome: "run", run: { runId } });
      await b.settle(job, runId);
      await imported(b.engine, text);
      expect(await b.engine.ledger.readOpenRuns(id)).toEqual([]);
      expect(await b.ledger(job)).toMatchObject([{ id: runId, state: "succeeded" }]);
    },
    LIMIT_MS,
  );

  test(
    "jobs that are here stay as they are, and new numbers are higher than all old ones",
    async () => {
      const b = bench();
      await addEverySecond(b, { id: "mine", description: "here" });
      const jobCount = await b.engine.jobs.count();
      const there = ["mine", "theirs"].map((id) => plainJob(id, b.now, { description: "there" }));
      const text = stateText(there, 70_000);
      await expect(imported(b.engine, text)).rejects.toMatchObject({
        code: "CONFLICTING_ID",
        data: { jobIds: ["mine"] },
      });
      expect(await b.engine.jobs.count()).toBe(jobCount);
      const summary = await imported(b.engine, text, { onConflict: "skip" });
      expect(summary).toMatchObject({ jobs: 1, skipped: ["mine"] });
      const [mine, theirs] = await b.engine.jobs.get(["mine", "theirs"]);
      expect(mine?.definition.description).toBe("here");
      expect(theirs?.definition.description).toBe("there");
      expect(theirs?.generation).toBeGreaterThan(70_000);
      expect((await b.addJob()).generation).toBeGreaterThan(theirs?.generation ?? 0);
    },
    LIMIT_MS,
  );

  test("a step that is sent twice, because its answer was lost, is stored once", async () => {
    const b = bench();
    const record = plainJob("sent-twice", b.now);
    const step = {
      by: TESTER,
      importId: "twice",
      sequence: 0,
      records: [{ place: 1, record, upcoming: [] }],
    };
    expect(await b.engine.transfer.importRecords(step)).toEqual({ place: 1, existing: [] });
    const first = await b.engine.jobs.get(["sent-twice"]);
    expect(await b.engine.transfer.importRecords(step)).toEqual({ place: 1, existing: [] });
    expect(await b.engine.jobs.get(["sent-twice"])).toEqual(first);
    const done = { by: TESTER, importId: "twice", sequence: 0, records: [], isDone: true };
    await b.engine.transfer.importRecords(done);
    expect(await b.engine.transfer.importRecords(done)).toEqual({ place: 0, existing: [] });
    expect(await b.engine.transfer.importRecords(step)).toEqual({
      place: 0,
      existing: ["sent-twice"],
    });
  });

  test("documents are neither in a fixture nor in a selection of jobs", async () => {
    const b = bench();
    const job = await addEverySecond(b, { id: "beside documents" });
    await b.engine.documents.putIfRevision("export/1", "of a document", "absent");
    expect(await exported(b.engine)).toContain("of a document");
    expect(await exported(b.engine, { mask: [] })).not.toContain("export/1");
    expect(await exported(b.engine, { jobs: [job.id] })).not.toContain("export/1");
    expect(await exported(b.engine, { since: 0 })).toContain("of a document");
    await b.engine.queue.setPaused(false);
  });

  test("a document that is here with another content is a conflict, or stays", async () => {
    const b = bench();
    const { documents } = b.engine;
    await documents.putIfRevision("import/same", { a: 1 }, "absent");
    await documents.putIfRevision("import/other", { a: 1 }, "absent");
    const text = stateText([
      plainJob("with documents", b.now),
      { kind: "document", key: "import/other", value: { a: 2 } },
      { kind: "document", key: "import/same", value: { a: 1 } },
      { kind: "document", key: "import/new", value: null },
    ]);
    await expect(imported(b.engine, text)).rejects.toMatchObject({
      code: "CONFLICTING_ID",
      data: { keys: ["import/other"] },
    });
    expect(await b.engine.jobs.get(["with documents"])).toEqual([undefined]);
    expect(await documents.get("import/new")).toBeUndefined();
    const summary = await imported(b.engine, text, { onConflict: "skip" });
    expect(summary).toMatchObject({ jobs: 1, documents: 2 });
    expect(await documents.get("import/other")).toMatchObject({ value: { a: 1 } });
    expect(await documents.get("import/new")).toMatchObject({ value: null });
  });

  test("queued occurrences that wait for nothing but a worker have a call for them", async () => {
    const b = bench();
    const fireAt = b.now - 1_000;
    const queued = [queuedRun(`waits:3:${fireAt}`, fireAt)];
    await imported(b.engine, stateText([{ ...plainJob("waits", b.now), queued }]));
    expect((await audit(b)).filter(({ jobId }) => jobId === "waits")).toEqual([]);
    const [row] = await b.engine.ledger.readOpenRuns("waits");
    expect(row).toMatchObject({ id: `waits:3:${b.now - 1_000}`, state: "queued" });
  });

  test("the ledger of an import that nobody completes goes; that of a job that came stays", async () => {
    const b = bench();
    // By the server's own clock.
    const keepUntil = Date.now() + 1_500;
    const record = (jobId: string) => {
      const times = { fireAt: b.now, dueAt: b.now };
      const row = {
        id: `${jobId}:1:${b.now}`,
        state: "missed",
        kind: "scheduled",
        ...times,
      } as const;
      return { kind: "ledger", jobId, row } as const;
    };
    const records = [
      { place: 1, record: record("came"), keepUntil },
      { place: 2, record: record("did-not"), keepUntil },
      { place: 3, record: plainJob("came", b.now), upcoming: [] },
    ];
    await b.engine.transfer.importRecords({ by: TESTER, importId: "left", sequence: 0, records });
    const rows = async (id: string) => (await b.ledger({ id, generation: 0 })).length;
    expect(await rows("did-not")).toBe(1);
    // Memory has no clock but the one that decides.
    const before = b.now;
    const later = (): Promise<number> => {
      b.now = Date.now();
      return rows("did-not");
    };
    await expect.poll(later, { timeout: 20_000 }).toBe(0);
    expect(await rows("came")).toBe(1);
    b.now = before;
  });

  test("a decision that this engine made itself is not there twice", async () => {
    const b = bench();
    const job = await addEverySecond(b, { id: "back-again" });
    b.now += 1_000;
    const { runId } = await b.run(job, b.now);
    await b.settle(job, runId, 1, { resultJson: '{"rows":1}' });
    await b.engine.jobs.remove({
      by: TESTER,
      jobId: job.id,
      expectedWatermark: undefined,
      skipped: [],
    });
    const [row] = await b.ledger(job);
    if (!row) throw new Error("there is no row");
    const older = { ...row, id: `back-again:1:${b.now - 500}`, fireAt: b.now - 500 };
    const rows = [row, older].map((one) => ({ kind: "ledger", jobId: job.id, row: one }) as const);
    await imported(b.engine, stateText([plainJob(job.id, b.now), ...rows, ...rows]));
    expect(await b.ledger(job)).toEqual([older, row]);
    expect(
      (await exported(b.engine)).split("\n").filter((line) => line.includes(runId)),
    ).toHaveLength(1);
    await b.engine.queue.setPaused(false);
  });

  test(
    "one that was added by somebody while the import went on is told, and nothing of its step is stored",
    async () => {
      const b = bench();
      const late = await b.addJob();
      const records = ["other", late.id].map((id, i) => ({
        place: i + 1,
        record: plainJob(id, b.now),
        upcoming: [],
      }));
      const answer = await b.engine.transfer.importRecords({
        by: TESTER,
        importId: "late",
        sequence: 0,
        records,
      });
      expect(answer).toEqual({ place: 0, existing: [late.id] });
      expect(await b.engine.jobs.get(["other"])).toEqual([undefined]);
    },
    LIMIT_MS,
  );

  test.each(["default", "mail"])(
    "queue jobs that a worker of queue %s has are listed until it is done with them",
    async (queue) => {
      await using fleet = await open();
      const b = queue === "default" ? fleet : await fleet.on(queue);
      const job = await addEverySecond(b, { id: "job" });
      expect(await b.engine.transfer.listTaken(10)).toEqual([]);
      let finish = (): void => undefined;
      const isDone = new Promise<void>((resolve) => (finish = resolve));
      const consumer = b.engine.queue.consume({
        concurrency: 1,
        lockMs: 30_000,
        stalledCheckMs: 30_000,
        onError: () => undefined,
        handle: async () => {
          await isDone;
          return { againInMs: 60_000 };
        },
      });
      const first = b.queueJobId(job, START + 1_000);
      await expect
        .poll(() => b.engine.transfer.listTaken(10), { timeout: 20_000 })
        .toEqual([first]);
      await b.engine.queue.setPaused(true);
      finish();
      await expect.poll(() => b.engine.transfer.listTaken(10), { timeout: 20_000 }).toEqual([]);
      await consumer.stop();
    },
    LIMIT_MS,
  );
}
