import { takeManual } from "../helpers/take-manual.ts";
import { TESTER } from "../helpers/tester.ts";
import { describe, expect, test } from "vitest";
import { emptyFleet } from "../../src/engine/memory/memory-link.ts";
import { MemoryEngine } from "../../src/engine/memory/memory-engine.ts";
import { isCronduitError } from "../../src/core/errors.ts";
import type { JobDefinition } from "../../src/jobs/definition.ts";
import { PipelineScheduler } from "../../src/index.ts";
import { aDefinition } from "../helpers/a-definition.ts";
import { StillClock } from "../helpers/still-clock.ts";

const START = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

async function bench() {
  const clock = new StillClock(START);
  const engine = new MemoryEngine({
    queue: "default",
    clock,
    maxEvents: 100,
    onError: (error) => console.error(error),
  });
  await engine.open();
  const put = async (definition: JobDefinition): Promise<number> => {
    const upcoming = [{ fireAt: START + 1_000, dueAt: START + 1_000 }];
    const rest = { state: "active", watermark: START, upcoming } as const;
    const [answer] = await engine.jobs.put([{ by: TESTER, definition, ...rest }]);
    return answer?.outcome === "created" ? answer.generation : 0;
  };
  /** Admits the first occurrence. */
  const begin = async (generation: number) => {
    const queueJobId = `job:${generation}:${START + 1_000}`;
    const admission = await engine.runs.admit({
      queueJobId,
      take: "take",
      jobId: "job",
      kind: "occurrence",
      generation,
      revision: 1e15,
      base: 0,
      older: undefined,
      latest: [{ fireAt: START + 1_000, dueAt: START + 1_000 }],
      upcoming: [{ fireAt: START + 2_000, dueAt: START + 2_000 }],
      knowsSchedule: true,
      worker: "worker",
      maxCrashes: 3,
    });
    if (admission.outcome !== "run") throw new Error(admission.outcome);
    return { run: admission.run, hold: { jobId: "job", queueJobId, runId: queueJobId, start: 1 } };
  };
  const end = { verdict: "succeeded", durationMs: 1, worker: "worker", error: undefined } as const;
  const retention = { count: 100, ageMs: DAY_MS };
  return { clock, engine, put, begin, end: { ...end, retention } };
}

describe("memory", () => {
  test("nothing that was handed in or given out is shared with the state", async () => {
    const { engine, clock, put, begin, end } = await bench();
    const params = { list: [1, 2], when: new Date(START) };
    const definition = aDefinition({ params });
    const generation = await put(definition);
    params.list.push(3);
    const read = async () => (await engine.jobs.get(["job"]))[0];
    expect((await read())?.definition.params).toEqual({
      list: [1, 2],
      when: "2026-01-01T00:00:00.000Z",
    });
    const stored = await read();
    Object.assign(stored?.definition.params as object, { list: [] });
    Object.assign(stored?.counts ?? {}, { succeeded: 99 });
    expect((await read())?.definition.params).toMatchObject({ list: [1, 2] });
    expect((await read())?.counts).toEqual({});

    const given = { deep: { of: "the run" } };
    await engine.requests.run({ by: TESTER, jobId: "job", sequence: 1, params: given });
    given.deep.of = "nobody";
    await clock.pass(1_000);
    const { hold } = await begin(generation);
    await engine.runs.settle({ ...end, ...hold, resultJson: '{"rows":[1]}' });
    const row = async () => (await rowsOf(engine))[0];
    expect(await row()).toMatchObject({ result: { rows: [1] } });
    Object.assign((await row())?.result as object, { rows: [] });
    expect(await row()).toMatchObject({ result: { rows: [1] } });

    const fields = { tags: ["a"] };
    const line = { at: 1, level: "info", message: "said", attempt: 1, fields } as const;
    const log = { jobId: "job", runId: hold.runId, lines: [line], maxBytes: 1_000 };
    await engine.logs.append([{ ...log, retention: { runs: 5, ageMs: DAY_MS } }]);
    fields.tags.push("b");
    const page = await engine.logs.read({ ...log, after: undefined, limit: 9 });
    expect(page.lines).toEqual([{ ...line, fields: { tags: ["a"] } }]);

    const events = await engine.events.read("reader", "0-0", 1);
    Object.assign(events.events[0]?.event ?? {}, { jobId: "other" });
    const again = await engine.events.read("reader", "0-0", 1);
    expect(again.events[0]?.event.jobId).toBe("job");
  });

  test("a run gets its params as they were asked for", async () => {
    const { engine, put, clock } = await bench();
    await put(aDefinition({ params: { region: "eu" } }));
    const params = { text: "a\0b\ud800", list: [1] };
    const asked = await engine.requests.run({ by: TESTER, jobId: "job", sequence: 1, params });
    if (asked === "missing") throw new Error(asked);
    params.list.push(2);
    const admission = await engine.runs.admit(takeManual("job", asked.runId));
    expect(admission).toMatchObject({
      outcome: "run",
      now: clock.now(),
      run: { params: { text: "a\0b\ud800", list: [1] } },
    });
  });

  test("a closed one answers nothing more, and whoever waits for events waits no longer", async () => {
    const { engine } = await bench();
    const cursor = await engine.events.latestCursor();
    const waiting = engine.events.read("reader", cursor, 60_000);
    engine.queue.consume({
      concurrency: 1,
      lockMs: 1_000,
      stalledCheckMs: 1_000,
      onError: () => undefined,
      handle: async () => "done",
    });
    await engine.close();
    await engine.close();
    expect(await waiting).toEqual({ events: [], cursor, lost: false });
    for (const call of [
      () => engine.jobs.count(),
      () => engine.events.read("reader", cursor, 1),
      () => engine.queue.isPaused(),
      () => engine.now(),
      () => engine.open(),
    ])
      await expect(call()).rejects.toMatchObject({ code: "INVALID_STATE" });
    expect(await engine.health()).toMatchObject({ ok: false, problem: "memory was closed." });
    expect(isCronduitError(await engine.ask().catch((error: unknown) => error))).toBe(true);
  });

  test("what a removed job leaves behind goes with its ledger", async () => {
    const { engine, clock, put, begin, end } = await bench();
    const generation = await put(aDefinition({ retention: { ageMs: 2 * DAY_MS } }));
    await clock.pass(1_000);
    const { hold } = await begin(generation);
    const times = { startedAt: START, finishedAt: START, tries: 1, attempt: 1 };
    await engine.steps.save(hold, { name: "one", kind: "step", ...times });
    const line = { at: 1, level: "info", message: "said", attempt: 1 } as const;
    const retention = { runs: 5, ageMs: 9 * DAY_MS };
    await engine.logs.append([{ ...hold, lines: [line], maxBytes: 1_000, retention }]);
    await engine.runs.settle({ ...end, ...hold, resultJson: undefined });
    await engine.jobs.remove({
      by: TESTER,
      jobId: "job",
      expectedWatermark: undefined,
      skipped: [],
    });
    const audit = async () => {
      const all = { horizonMs: 0, offset: 0, limit: 9, overdueMs: 1e9, finishedRetentionMs: 1e9 };
      await engine.healing.audit(all);
      const steps = await engine.steps.read("job", hold.runId);
      const { lines } = await engine.logs.read({ ...hold, after: undefined, limit: 9 });
      return [(await rowsOf(engine)).length, steps.length, lines.length];
    };
    expect(await audit()).toEqual([1, 1, 1]);
    await clock.pass(2 * DAY_MS - 1);
    expect(await audit()).toEqual([1, 1, 1]);
    await clock.pass(1);
    expect(await audit()).toEqual([0, 0, 0]);
    expect(engine.store.state.ledgers.size).toBe(0);
  });

  test("its log of events is as long as it may be", async () => {
    const { engine } = await bench();
    for (let i = 0; i < 1_000; i += 1)
      await engine.events.append([{ name: "JOB_REPAIRED", at: i, jobId: "job" }]);
    const { log } = engine.store;
    expect(log.lastId).toBe(1_000);
    expect(log.lastId - log.trimmedTo).toBeGreaterThanOrEqual(100);
    expect(log.lastId - log.trimmedTo).toBeLessThan(110);
    expect(await engine.events.read("reader", "5", 1)).toMatchObject({ lost: true });
    expect(await engine.events.read("reader", "2000", 1)).toMatchObject({
      cursor: "1000",
      lost: true,
    });
  });

  test("queues of a fleet keep what they have when their engine is made again", async () => {
    const { clock } = await bench();
    const options = { queue: "default", clock, maxEvents: 100, onError: () => undefined };
    const fleet = emptyFleet();
    const home = new MemoryEngine(options, fleet);
    await home.open();
    const first = home.sibling("mail");
    await first.open();
    await first.queue.add([{ id: "mail:1:2", pipeline: "Report", dueAt: 0 }]);
    await first.close();
    const second = home.sibling("mail");
    await second.open();
    expect(second.store.line.inLine().map(({ id }) => id)).toEqual(["mail:1:2"]);
    expect(home.store.line.inLine()).toEqual([]);
  });

  test("two schedulers of one process share nothing", async () => {
    const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const make = () => new PipelineScheduler({ connection: "memory:", logger: quiet });
    await using one = make();
    await using other = make();
    await one.start();
    await other.start();
    await one.pause();
    expect([await one.isPaused(), await other.isPaused()]).toEqual([true, false]);
  });
});

function rowsOf(engine: MemoryEngine) {
  const all = { fromAt: 0, toAt: 8.64e15, offset: 0, limit: 100, order: "oldest" } as const;
  return engine.ledger.read({ jobId: "job", ...all });
}
