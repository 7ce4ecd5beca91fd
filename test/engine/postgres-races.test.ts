// Two steps that are each other's reason to look again must not pass each other: a wake-up that is lost is never made
// up for. Each round has two connections race; afterwards the run has begun, or a call for it is in the queue.
import { TESTER } from "../helpers/tester.ts";
import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseCondition } from "../../src/conditions/parse.ts";
import { schemasOf } from "../../src/engine/postgres/schema-name.ts";
import type { Policy } from "../../src/jobs/definition.ts";
import { at, type CaseJob, TestEngine } from "../contract/test-engine.ts";
import { PostgresServer } from "../helpers/postgres-server.ts";

const ROUNDS = Number(process.env["RACE_ROUNDS"] ?? 300);
const PREFIX = "races";

let server: PostgresServer;
let left: TestEngine;
let right: TestEngine;
let sql: pg.Client;

beforeAll(async () => {
  server = await PostgresServer.start();
  [left, right] = [new TestEngine(server.url, PREFIX), new TestEngine(server.url, PREFIX)];
  await left.engine.open();
  await right.engine.open();
  const { own, queue } = schemasOf(PREFIX);
  sql = new pg.Client({ connectionString: server.url, options: `-c search_path="${own}"` });
  await sql.connect();
  // Reads the queue under one name.
  await sql.query(`CREATE VIEW waiting_wakeups AS SELECT wakeups.job_id FROM wakeups
    JOIN "${queue}".job ON queue = 'runs' AND id = queue_job_id AND state = 'waiting'`);
}, 120_000);

afterAll(async () => {
  await sql.end();
  await Promise.all([left, right].map(({ engine }) => engine.close()));
  await server[Symbol.asyncDispose]();
});

function tick(): number {
  left.now += 1_000;
  right.now = left.now;
  return left.now;
}

/** Starts one of two steps slightly later than the other, by a delay that varies per round. */
async function race<A, B>(round: number, a: () => Promise<A>, b: () => Promise<B>) {
  const later = async <T>(step: () => Promise<T>, turns: number): Promise<T> => {
    for (let i = 0; i < turns; i += 1) await new Promise((resolve) => setImmediate(resolve));
    return step();
  };
  const lead = (round % 41) - 20;
  return Promise.all([later(a, Math.max(0, lead) * 3), later(b, Math.max(0, -lead) * 3)]);
}

async function isWoken(job: CaseJob): Promise<boolean> {
  const { rowCount } = await sql.query("SELECT 1 FROM waiting_wakeups WHERE job_id = $1", [job.id]);
  return (rowCount ?? 0) > 0;
}

function remove({ id }: CaseJob): Promise<unknown> {
  return left.engine.jobs.remove({
    by: TESTER,
    jobId: id,
    expectedWatermark: undefined,
    skipped: [],
  });
}

/** How the races ended: by a start in the race, or by a call; both must come up, or they were none. */
class Ends {
  started = 0;
  woken = 0;

  async note(job: CaseJob, outcome: string): Promise<void> {
    if (outcome === "run") this.started += 1;
    else if (await isWoken(job)) this.woken += 1;
    else throw new Error(`round ${this.started + this.woken + 1}: nobody looks at the run`);
  }
}

const when = (text: string, named: string): Partial<Policy> => ({
  when: { condition: parseCondition(text.replaceAll("$", `"${named}"`)), waitMs: 600_000 },
});

describe("no wake-up is lost", () => {
  test(`a run that begins to wait, while the job that it waits for ends, ${ROUNDS} rounds`, async () => {
    const first = await left.addJob({ retention: { count: 5 } });
    const ends = new Ends();
    for (let round = 0; round < ROUNDS; round += 1) {
      const { runId } = await left.run(first, tick());
      const job = await left.addJob({ policy: when("not $.running", first.id) });
      const fireAt = tick();
      const [admission] = await race(
        round,
        () => left.admit(job, [at(fireAt)]),
        () => right.settle(first, runId),
      );
      await ends.note(job, admission.outcome);
      await remove(job);
    }
    expect(ends.started).toBeGreaterThan(0);
    expect(ends.woken).toBeGreaterThan(0);
  }, 300_000);

  test("… or begins", async () => {
    const ends = new Ends();
    for (let round = 0; round < ROUNDS / 3; round += 1) {
      const first = await left.addJob();
      const job = await left.addJob({ policy: when("$.running", first.id) });
      const fireAt = tick();
      const [admission] = await race(
        round,
        () => left.admit(job, [at(fireAt)]),
        () => right.admit(first, [at(fireAt)]),
      );
      await ends.note(job, admission.outcome);
      await remove(job);
    }
    expect(ends.woken).toBeGreaterThan(0);
  }, 300_000);

  test("… or is added, also together with the job that waits", async () => {
    const ends = new Ends();
    for (let round = 0; round < ROUNDS / 3; round += 1) {
      const id = randomUUID();
      const put = left.put({ policy: when("$.never_ran", id) });
      tick();
      const [admission] = await race(
        round,
        async () => {
          const [result] = await left.engine.jobs.put([put]);
          if (result?.outcome !== "created") throw new Error("not created");
          const job = { id: put.definition.id, generation: result.generation };
          return { job, ...(await left.admit(job, [at(left.now)])) };
        },
        () => right.addJob({ id }),
      );
      await ends.note(admission.job, admission.outcome);
      await remove(admission.job);
    }
    expect(ends.woken).toBeGreaterThan(0);
  }, 300_000);

  test("… or ends while the job that waits is being added", async () => {
    const ends = new Ends();
    const first = await left.addJob({ retention: { count: 5 } });
    for (let round = 0; round < ROUNDS / 3; round += 1) {
      const { runId } = await left.run(first, tick());
      const put = left.put({ policy: when("not $.running", first.id) });
      tick();
      const [admission] = await race(
        round,
        async () => {
          const [result] = await left.engine.jobs.put([put]);
          if (result?.outcome !== "created") throw new Error("not created");
          const job = { id: put.definition.id, generation: result.generation };
          return { job, ...(await left.admit(job, [at(left.now)])) };
        },
        () => right.settle(first, runId),
      );
      await ends.note(admission.job, admission.outcome);
      await remove(admission.job);
    }
    expect(ends.started).toBeGreaterThan(0);
  }, 300_000);

  test(`a run that finds its group full, while a member ends, ${ROUNDS} rounds`, async () => {
    const policy = { group: { key: "g", limit: 1 } };
    const [first, second] = [await left.addJob({ policy }), await left.addJob({ policy })];
    const ends = new Ends();
    for (let round = 0; round < ROUNDS; round += 1) {
      const { runId } = await left.run(first, tick());
      const fireAt = tick();
      const [admission] = await race(
        round,
        () => left.admit(second, [at(fireAt)]),
        () => right.settle(first, runId),
      );
      await ends.note(second, admission.outcome);
      let queueJobId = left.queueJobId(second, fireAt);
      if (admission.outcome !== "run") {
        const { rows } = await sql.query<{ queue_job_id: string }>(
          "SELECT queue_job_id FROM wakeups WHERE job_id = $1",
          [second.id],
        );
        queueJobId = rows[0]?.queue_job_id ?? "";
        expect((await left.answer(second, queueJobId)).outcome).toBe("run");
      }
      await left.settle(second, queueJobId);
    }
    expect(ends.started).toBeGreaterThan(0);
    expect(ends.woken).toBeGreaterThan(0);
  }, 300_000);
});

test.each(["removed", "there"])(
  "steps on the runs of one job go one after the other, and so do the times of their events: one that is %s",
  async (which) => {
    tick();
    const job = await left.addJob({ policy: { coalesce: false, maxInstances: 3 } });
    const runs = [];
    for (let i = 0; i < 3; i += 1) runs.push((await left.run(job, tick())).runId);
    if (which === "removed") await remove(job);
    const [ends, fails, isGivenBack] = runs.map((runId) => left.hold(job, runId));
    if (!ends || !fails || !isGivenBack) throw new Error("they did not begin");
    await sql.query("BEGIN");
    await sql.query("SELECT lock_jobs($1)", [[job.id]]);
    let done = 0;
    const count = () => void (done += 1);
    const error = { name: "Error", message: "no" };
    const retry = { kind: "retry", until: { inMs: 0 }, worker: "w", error } as const;
    const steps = [
      left.settle(job, ends.queueJobId).then(count),
      right.engine.runs.suspend({ ...fails, ...retry }).then(count),
      left.engine.runs.handBack(isGivenBack).then(count),
    ];
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(done).toBe(0);
    await sql.query("COMMIT");
    await Promise.all(steps);
    expect(done).toBe(3);
  },
);
