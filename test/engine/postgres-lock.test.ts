import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { describe, expect, inject, test } from "vitest";
import { schemasOf } from "../../src/engine/postgres/schema-name.ts";
import {
  migrate,
  Pipeline,
  PipelineScheduler,
  type RunContext,
  type SchedulerEvent,
} from "../../src/index.ts";
import { silent } from "../helpers/silent.ts";

/** Several times as long as a call waits, and shorter than the lock of a run. */
const LOCKED_MS = 9_000;

/** What somebody does who changes a table, or compacts it. */
async function lockTable(table: string, forMs: number): Promise<void> {
  const client = new pg.Client(inject("postgresUrl"));
  await client.connect();
  try {
    await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    await sleep(forMs);
    await client.query("ROLLBACK");
  } finally {
    await client.end();
  }
}

describe.concurrent("somebody locks a table for longer than calls wait", () => {
  test.each(["jobs", "running_runs", "ledger", "job"])("%s", { timeout: 120_000 }, async (name) => {
    const prefix = `lock-${randomUUID().slice(0, 8)}`;
    const { own, queue } = schemasOf(prefix);
    const executed: string[] = [];
    const events: SchedulerEvent[] = [];
    class Work extends Pipeline {
      async run({ runId, attempt, signal }: RunContext): Promise<unknown> {
        executed.push(`${runId} ${attempt}`);
        await sleep(1_500, undefined, { signal });
        return { success: true };
      }
    }
    const scheduler = new PipelineScheduler({
      connection: inject("postgresUrl"),
      prefix,
      pipelines: [Work],
      timeout: 3,
      logger: silent,
    });
    scheduler.addListener((event) => events.push(event));
    // To make the tables may take longer than a call has.
    await migrate(inject("postgresUrl"), { prefix });
    await scheduler.start();
    const ended = (): SchedulerEvent[] =>
      events.filter((event) => ["JOB_EXECUTED", "JOB_ERROR"].includes(event.name));
    try {
      const rules = { trigger: "interval", seconds: 1, maxInstances: 50, coalesce: false } as const;
      for (const id of ["a", "b", "c"]) await scheduler.addJob(Work, { id, ...rules });
      await expect.poll(() => ended().length, { timeout: 30_000 }).toBeGreaterThan(5);
      await lockTable(name === "job" ? `"${queue}".job` : `"${own}".${name}`, LOCKED_MS);
      const from = ended().length;
      // Those due meanwhile, and more.
      await expect.poll(() => ended().length, { timeout: 60_000 }).toBeGreaterThan(from + 25);
    } finally {
      await scheduler.shutdown();
    }
    expect(executed.filter((run, i) => executed.indexOf(run) !== i)).toEqual([]);
    expect(executed.filter((run) => !run.endsWith(" 1"))).toEqual([]);
    expect(events.filter((event) => event.name === "JOB_ERROR")).toEqual([]);
  });
});
