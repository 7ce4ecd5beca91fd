import { TESTER } from "../helpers/tester.ts";
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { Engine } from "../../src/engine/port/engine.ts";
import type { StoredEvent } from "../../src/jobs/event.ts";
import { at, type TestEngine } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";
import { takeQueueJobs } from "./take-queue-jobs.ts";

const ROUNDS = 20;

/** Several queues that are one fleet. */
export function queueCases({ bench, another }: CaseContext): void {
  const serve = async (b: TestEngine, queue: string): Promise<Engine> => {
    const engine = await b.engine.serve?.(queue);
    if (!engine) throw new Error("this engine has no queues");
    return engine;
  };
  const remove = (b: TestEngine, jobId: string) =>
    b.engine.jobs.remove({ by: TESTER, jobId, expectedWatermark: undefined, skipped: [] });

  test("a worker of one queue takes nothing of another, and each decides by its own jobs", async () => {
    const b = bench();
    const mail = await serve(b, "mail");
    const bulk = await serve(b, "bulk");
    const jobs = {
      mail: await b.addJob({ queue: "mail" }),
      bulk: await b.addJob({ queue: "bulk" }),
      home: await b.addJob(),
    };
    expect((await b.stored(jobs.mail)).definition.queue).toBe("mail");
    expect((await b.stored(jobs.home)).definition.queue).toBeUndefined();
    const due = (job: keyof typeof jobs) => b.queueJobId(jobs[job], b.now + 1_000);
    const ofMail = await takeQueueJobs(mail, [due("mail")]);
    const ofBulk = await takeQueueJobs(bulk, [due("bulk")]);
    const ofHome = await takeQueueJobs(b.engine, [due("home")]);
    expect(ofMail).toEqual([due("mail")]);
    expect(ofBulk).toEqual([due("bulk")]);
    for (const id of [due("mail"), due("bulk")]) expect(ofHome).not.toContain(id);

    b.now += 1_000;
    const request = b.request(jobs.mail, [at(b.now)]);
    expect((await bulk.runs.admit(request)).outcome).toBe("none");
    expect((await b.engine.runs.admit(request)).outcome).toBe("none");
    expect((await mail.runs.admit(request)).outcome).toBe("run");
    expect(await b.stored(jobs.mail)).toMatchObject({ running: 1 });
    const [open] = await b.engine.ledger.readOpenRuns(jobs.mail.id);
    expect(open).toMatchObject({ id: request.queueJobId, state: "running" });
    const hold = b.hold(jobs.mail, request.queueJobId);
    const end = { ...hold, verdict: "succeeded", durationMs: 5, worker: "w" } as const;
    const rest = { resultJson: undefined, error: undefined, retention: { count: 9, ageMs: 9e9 } };
    expect((await bulk.runs.settle({ ...end, ...rest })).outcome).toBe("fenced");
    expect((await mail.runs.settle({ ...end, ...rest })).outcome).toBe("settled");
    expect(await b.ledger(jobs.mail)).toMatchObject([{ state: "succeeded" }]);
  });

  test("a job is changed, run by hand, paused and removed wherever it is", async () => {
    const b = bench();
    const mail = await serve(b, "mail");
    const job = await b.addJob({ queue: "mail" });
    const asked = await b.engine.requests.run({ by: TESTER, jobId: job.id, sequence: 7 });
    if (asked === "missing") throw new Error("missing");
    expect(await takeQueueJobs(mail, [asked.runId])).toContain(asked.runId);
    const { revision, watermark, definition } = await b.stored(job);
    const event = { name: "JOB_MODIFIED", at: b.now, jobId: job.id } as const;
    const change = {
      jobId: job.id,
      expectedRevision: revision,
      definition: { ...definition, description: "new" },
      schedule: { state: "paused", watermark, upcoming: [], expectedWatermark: watermark },
      event,
      by: TESTER,
    } as const;
    expect(await b.engine.jobs.change(change)).toMatchObject({ outcome: "changed" });
    expect(await b.engine.jobs.change(change)).toEqual({ outcome: "conflict" });
    expect(await b.stored(job)).toMatchObject({
      state: "paused",
      definition: { description: "new", queue: "mail" },
    });
    expect(await remove(b, job.id)).toBe("removed");
    expect(await remove(b, job.id)).toBe("missing");
    expect(await b.engine.jobs.get([job.id])).toEqual([undefined]);
    expect(await b.ledger(job)).toMatchObject([{ id: asked.runId, reason: "removed" }]);
  });

  test("an id is that of one job, whatever its queue, first come first served", async () => {
    const b = bench();
    const [home, mail] = [await b.addJob(), await b.addJob({ queue: "mail" })];
    const puts = [
      b.put({ id: home.id, queue: "mail" }),
      b.put({ id: mail.id }),
      b.put({ id: mail.id, queue: "bulk" }),
      b.put({ id: mail.id, queue: "mail" }),
      b.put({ id: mail.id, queue: "mail", declared: "two" }),
    ];
    const answers = await b.engine.jobs.put(puts);
    expect(answers.map(({ outcome }) => outcome)).toEqual([
      "exists",
      "exists",
      "exists",
      "same",
      "exists",
    ]);
    expect((await b.stored(home)).definition.queue).toBeUndefined();
    expect((await b.stored(mail)).definition.queue).toBe("mail");
    const id = randomUUID();
    const twice = await b.engine.jobs.put([b.put({ id, queue: "bulk" }), b.put({ id })]);
    expect(twice.map(({ outcome }) => outcome).toSorted()).toEqual(["created", "exists"]);
  });

  test(`processes that add one id to several queues at once make one job, ${ROUNDS} rounds`, async () => {
    const b = bench();
    const others = await Promise.all(Array.from({ length: 3 }, () => another()));
    const queues = ["default", "mail", "bulk"];
    for (let round = 0; round < ROUNDS; round += 1) {
      const id = randomUUID();
      const results = await Promise.all(
        others.flatMap((other) =>
          queues.map(async (queue) => {
            const [result] = await other.engine.jobs.put([b.put({ id, queue, declared: queue })]);
            return { queue, outcome: result?.outcome };
          }),
        ),
      );
      const created = results.filter(({ outcome }) => outcome === "created");
      expect(created).toHaveLength(1);
      const [winner] = created;
      // Who declared the same got the same job, the others were refused.
      for (const { queue, outcome } of results)
        if (queue !== winner?.queue) expect(outcome).toBe("exists");
      const [stored] = await b.engine.jobs.get([id]);
      expect(stored?.definition.queue ?? "default").toBe(winner?.queue);
      expect((await b.listAll()).filter((each) => each === id)).toHaveLength(1);
    }
  }, 120_000);

  test("a job that was removed may be added on another queue; its runs have other ids, its history stays", async () => {
    const b = bench();
    const id = randomUUID();
    const seen: string[] = [];
    const generations: number[] = [];
    const queues = ["default", "mail", "bulk", "mail", "default", "default", "bulk"];
    for (const queue of queues) {
      const job = await b.addJob({ id, queue });
      generations.push(job.generation);
      expect((await b.stored(job)).definition.queue ?? "default").toBe(queue);
      b.now += 1_000;
      const engine = await serve(b, queue);
      const admission = await engine.runs.admit(b.request(job, [at(b.now)]));
      if (admission.outcome !== "run") throw new Error(admission.outcome);
      seen.push(admission.run.runId);
      expect(await remove(b, id)).toBe("removed");
      // The job is gone; its run continues on its queue and settles there.
      const [open] = await b.engine.ledger.readOpenRuns(id);
      expect(open).toMatchObject({ id: admission.run.runId, state: "running" });
      const settled = await engine.runs.settle({
        ...b.hold(job, admission.run.runId),
        verdict: "succeeded",
        durationMs: 1,
        worker: "w",
        resultJson: undefined,
        error: undefined,
        retention: { count: 100, ageMs: 30 * 86_400_000 },
      });
      expect(settled.outcome).toBe("settled");
    }
    expect(generations).toEqual(generations.toSorted((x, y) => x - y));
    expect(new Set(generations).size).toBe(queues.length);
    const rows = await b.ledger({ id, generation: 0 });
    expect(rows.map((row) => row.id)).toEqual(seen);
    const latest = await b.engine.ledger.read({
      jobId: id,
      fromAt: 0,
      toAt: 8.64e15,
      offset: 2,
      limit: 3,
      order: "latest",
    });
    expect(latest.map((row) => row.id)).toEqual(seen.toReversed().slice(2, 5));
    const most = seen.length - 1;
    const of = { jobIds: [id], fromAt: 0, toAt: 8.64e15 };
    const [many] = await b.engine.ledger.readMany({ ...of, limit: most });
    expect(many?.rows.map((row) => row.id)).toEqual(seen.toReversed().slice(0, most));
    expect(many).toMatchObject({ isAll: false, open: [] });
  });

  test("jobs of all queues are counted, and listed in the order of their next run", async () => {
    const b = bench();
    const far = b.now + 1e9;
    const wanted: string[] = [];
    for (const [i, queue] of ["bulk", "default", "mail", "default", "bulk"].entries())
      wanted.push((await b.addJob({ queue, upcoming: [at(far + i)] })).id);
    const paused = await b.addJob({ queue: "mail", state: "paused" });
    const all = await b.listAll();
    expect(all.filter((id) => wanted.includes(id))).toEqual(wanted);
    expect(all.indexOf(paused.id)).toBeGreaterThan(all.indexOf(wanted.at(-1) ?? ""));
    expect(new Set(all).size).toBe(all.length);
    expect(await b.engine.jobs.count()).toBe(all.length);
    expect(await b.listAll({ limit: 3 })).toEqual(all);
    const jobs = await b.engine.jobs.get([...wanted.toReversed(), "nobody"]);
    expect(jobs.map((job) => job?.definition.id)).toEqual([...wanted.toReversed(), undefined]);
  });

  test("events come from every queue, each queue's in order, after the place where one stopped", async () => {
    const b = bench();
    const start = await b.engine.events.latestCursor();
    expect(await b.engine.events.read("queues", start, 1)).toMatchObject({ events: [] });
    const added: Record<string, string[]> = { default: [], mail: [], bulk: [] };
    for (let round = 0; round < 3; round += 1)
      for (const [queue, ids] of Object.entries(added)) ids.push((await b.addJob({ queue })).id);
    const heard: StoredEvent[] = [];
    const total = 9;
    let cursor = start;
    for (let reads = 0; heard.length < total && reads < 30; reads += 1) {
      const batch = await b.engine.events.read("queues", cursor, 1_000);
      for (const entry of batch.events) heard.push(entry.event);
      cursor = batch.cursor;
    }
    for (const ids of Object.values(added))
      expect(heard.flatMap(({ jobId = "" }) => (ids.includes(jobId) ? [jobId] : []))).toEqual(ids);
    expect(heard).toHaveLength(total);
    expect(await b.engine.events.read("queues", cursor, 1)).toMatchObject({ events: [], cursor });
    expect(await b.engine.events.latestCursor()).toBe(cursor);
    // A reader that starts at an event in the middle gets those after it, and none twice.
    const batch = await b.engine.events.read("other", start, 1_000);
    const middle = batch.events[0]?.cursor ?? start;
    const again = await b.events(middle);
    expect(again.length).toBe(total - 1);
  });

  test("a reader that waits hears of a queue that is new", async () => {
    const b = bench();
    const queue = `new-${randomUUID().slice(0, 8)}`;
    let cursor = await b.engine.events.latestCursor();
    const heard: (string | undefined)[] = [];
    const reading = (async () => {
      while (!heard.includes("JOB_ADDED")) {
        const batch = await b.engine.events.read("new", cursor, 20_000);
        heard.push(...batch.events.map(({ event }) => event.name));
        cursor = batch.cursor;
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const from = performance.now();
    await (await another()).addJob({ queue });
    await reading;
    expect(performance.now() - from).toBeLessThan(15_000);
    expect(heard).toEqual(["JOB_ADDED"]);
  });

  test("a reader that is ended does not wait on, with several queues neither", async () => {
    const b = bench();
    await b.addJob({ queue: "mail" });
    const cursor = await b.engine.events.latestCursor();
    const waiting = b.engine.events.read("ended", cursor, 60_000).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const from = performance.now();
    b.engine.events.endReader("ended");
    await waiting;
    expect(performance.now() - from).toBeLessThan(5_000);
  });

  test("pausing holds every queue, also one that is new, and resuming lets all go on", async () => {
    const b = bench();
    const mail = await serve(b, "mail");
    await b.engine.queue.setPaused(true);
    const fresh = await serve(b, `late-${randomUUID().slice(0, 8)}`);
    expect(
      await Promise.all([mail, fresh, b.engine].map((engine) => engine.queue.isPaused())),
    ).toEqual([true, true, true]);
    await b.engine.queue.setPaused(false);
    expect(
      await Promise.all([mail, fresh, b.engine].map((engine) => engine.queue.isPaused())),
    ).toEqual([false, false, false]);
  });

  test("the audit looks at every queue, and what it finds can be put back", async () => {
    const b = bench();
    const mail = await serve(b, "mail");
    const jobs = [await b.addJob({ queue: "mail" }), await b.addJob({ queue: "bulk" })];
    const request = { horizonMs: 0, overdueMs: 2_000, finishedRetentionMs: 60_000 };
    const find = async (offset: number, limit: number) =>
      (await b.engine.healing.audit({ ...request, offset, limit })).filter(({ jobId }) =>
        jobs.some(({ id }) => id === jobId),
      );
    expect(await find(0, 10_000)).toEqual([]);
    const [job] = jobs;
    if (!job) throw new Error("no job");
    const due = b.queueJobId(job, b.now + 1_000);
    await takeQueueJobs(mail, [due]);
    const { watermark } = await b.stored(job);
    const lost = { kind: "unscheduled", jobId: job.id, watermark };
    expect(await find(0, 10_000)).toEqual([lost]);
    // A part of the list at a time finds it once.
    const parts = [];
    const count = await b.engine.jobs.count();
    for (let offset = 0; offset < count; offset += 5) parts.push(...(await find(offset, 5)));
    expect(parts).toEqual([lost]);
    const lostOne = { id: due, pipeline: "Report", dueAt: b.now + 1_000 };
    await b.engine.queue.add([{ ...lostOne, queue: "mail" }]);
    expect(await find(0, 10_000)).toEqual([]);

    const overdue = { jobId: job.id, fireAt: b.now + 1_000, reason: "nobody" };
    const cursor = await b.engine.events.latestCursor();
    expect(await b.engine.healing.tellOverdue(overdue)).toBe("told");
    expect(await b.engine.healing.tellOverdue(overdue)).toBe("moved");
    expect(await b.events(cursor, job)).toMatchObject([{ name: "JOB_OVERDUE", ...overdue }]);

    b.now += 1_000;
    const admission = await mail.runs.admit(b.request(job, [at(b.now)], { upcoming: [] }));
    if (admission.outcome !== "run") throw new Error(admission.outcome);
    await takeQueueJobs(mail, [admission.run.runId]);
    const [orphan] = await find(0, 10_000);
    expect(orphan).toMatchObject({ kind: "orphan-run", queueJob: { queue: "mail" } });
    if (orphan?.kind !== "orphan-run") throw new Error("no orphan");
    await b.engine.queue.add([orphan.queueJob]);
    expect(await find(0, 10_000)).toEqual([]);
    expect(await takeQueueJobs(mail, [admission.run.runId])).toContain(admission.run.runId);
  });
}
