// Claims about a fleet of processes, with processes.
import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { expect, inject, test } from "vitest";
import { PipelineScheduler, type Run, type SchedulerEvent } from "../../src/index.ts";
import { startProgram } from "../helpers/process.ts";
import type { BootOptions } from "./boot-program.ts";

const PROCESSES = 10;
const JOBS = 50;
const ROUNDS = 3;
/** Ten processes start slowly on a busy machine. */
const LIMIT_MS = 120_000;

function isStarted(message: unknown): boolean {
  return typeof message === "object" && message !== null && "started" in message;
}

/** Resolves when `look` is content; it is asked after each event. */
function eventually(scheduler: PipelineScheduler, look: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const listen = (): void => {
      if (look()) resolve();
    };
    scheduler.addListener(listen);
  });
}

async function ledgerOf(scheduler: PipelineScheduler, jobId: string): Promise<Run[]> {
  const { runs, cursor } = await scheduler.getRuns(jobId, { limit: 1_000 });
  expect(cursor).toBeUndefined();
  return [...runs].toReversed();
}

test(
  "10 processes that declare the same 50 one-second jobs at boot: stored once, no occurrence dropped or run twice; maxInstances holds over all of them",
  async () => {
    const boot: BootOptions = {
      url: inject("redisUrl"),
      prefix: `boot-${randomUUID()}`,
      jobs: JOBS,
      maxInstances: 3,
    };
    await using scheduler = new PipelineScheduler({
      connection: boot.url,
      prefix: boot.prefix,
      worker: false,
    });
    const events: SchedulerEvent[] = [];
    scheduler.addListener((event) => events.push(event));
    await scheduler.start();
    const executed = (jobId: string): number =>
      events.filter((event) => event.name === "JOB_EXECUTED" && event.jobId === jobId).length;

    const programs = Array.from({ length: PROCESSES }, () =>
      startProgram("test/semantics/boot-program.ts", { args: [JSON.stringify(boot)] }),
    );
    await Promise.all(programs.map((program) => program.waitFor(isStarted)));
    const before = Array.from({ length: JOBS }, (_, i) => executed(`tick-${i}`));
    await eventually(scheduler, () =>
      before.every((count, i) => executed(`tick-${i}`) >= count + ROUNDS),
    );
    for (const program of programs) program.send({ stop: true });
    for (const program of programs)
      expect(await program.exited()).toEqual({ code: 0, signal: null });

    const added = events.filter(({ name }) => name === "JOB_ADDED").map(({ jobId }) => jobId);
    expect(added).toHaveLength(JOBS + 1);
    expect(new Set(added).size).toBe(JOBS + 1);
    expect(events.filter(({ name }) => name === "JOB_MODIFIED" || name === "JOB_REPAIRED")).toEqual(
      [],
    );

    await using client = Object.assign(new Redis(boot.url), {
      [Symbol.asyncDispose]: async () => client.disconnect(),
    });
    const ran = await client.lrange(`test:${boot.prefix}:ran`, 0, -1);
    expect(new Set(ran).size).toBe(ran.length);
    for (let i = 0; i < JOBS; i += 1) {
      const jobId = `tick-${i}`;
      const runs = await ledgerOf(scheduler, jobId);
      const first = runs[0]?.firstFireTime.getTime() ?? 0;
      const told = runs.flatMap(({ firstFireTime, count }) =>
        Array.from({ length: count }, (_, n) => firstFireTime.getTime() + n * 1_000),
      );
      expect(told).toEqual(told.map((_, n) => first + n * 1_000));
      const succeeded = runs.filter(({ verdict }) => verdict === "succeeded");
      expect(succeeded.map(({ fireTime }) => `${jobId} ${fireTime.getTime()}`).toSorted()).toEqual(
        ran.filter((line) => line.startsWith(`${jobId} `)).toSorted(),
      );
      const createdAt = (await scheduler.getJob(jobId))?.createdAt.getTime() ?? 0;
      expect(first).toBe(createdAt + 1_000);
    }

    const atOnce = (await client.lrange(`test:${boot.prefix}:at-once`, 0, -1)).map(Number);
    expect(Math.max(...atOnce)).toBe(boot.maxInstances);
    expect(events.some(({ name, jobId }) => name === "JOB_MAX_INSTANCES" && jobId === "slow")).toBe(
      true,
    );
  },
  LIMIT_MS,
);
