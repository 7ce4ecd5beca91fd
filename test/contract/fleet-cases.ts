import { randomUUID } from "node:crypto";
import { test } from "vitest";
import {
  type ConnectionOption,
  lineLogger,
  Pipeline,
  PipelineScheduler,
  type Run,
} from "../../src/index.ts";
import { type Program, startProgram } from "../helpers/process.ts";
import type { FleetProgramOptions } from "./fleet-program.ts";
import type { CaseContext } from "./suite.ts";

const LIMIT = { timeout: 60_000, interval: 20 };
const EVERY_MS = 100;

/** The pipelines are in the programs; their names are enough here. */
class Hold extends Pipeline {
  run(): never {
    throw new Error("not in this process");
  }
}
class Brief extends Hold {}

interface Held {
  readonly held: string;
  readonly attempt: number;
}
interface Brevity {
  readonly brief: string;
  readonly from: number;
  readonly to: number;
}
interface Heard {
  readonly heard: string;
  readonly jobId?: string;
  readonly runId?: string;
}

const isHeld = (message: unknown): message is Held => has(message, "held");
const isBrief = (message: unknown): message is Brevity => has(message, "brief");
const isHeard = (message: unknown): message is Heard => has(message, "heard");

function has(message: unknown, key: string): boolean {
  return typeof message === "object" && message !== null && key in message;
}

/** A fleet's processes, and the effects of killing one. */
export function fleetCases({ tested, prefix: suitePrefix }: CaseContext): void {
  const place = tested.fleet?.connection;

  /** A separate fleet, removed with the case. */
  function fleet() {
    const prefix = `${suitePrefix}-${randomUUID().slice(0, 8)}`;
    const connection: ConnectionOption = place?.() ?? "";
    const programs: Program[] = [];
    const schedulers: PipelineScheduler[] = [];
    return {
      async program(more: Omit<FleetProgramOptions, "connection" | "prefix">): Promise<Program> {
        const args = [JSON.stringify({ connection, prefix, ...more })];
        const program = startProgram("test/contract/fleet-program.ts", { args });
        programs.push(program);
        await program.waitFor((message) => has(message, "ready"), { timeoutMs: 120_000 });
        return program;
      },
      async scheduler(): Promise<PipelineScheduler> {
        const scheduler = new PipelineScheduler({
          connection,
          prefix,
          pipelines: [Hold, Brief],
          worker: false,
          logger: lineLogger("error"),
        });
        schedulers.push(scheduler);
        await scheduler.start();
        return scheduler;
      },
      async [Symbol.asyncDispose]() {
        for (const program of programs) await program.kill("SIGKILL");
        for (const scheduler of schedulers) await scheduler.shutdown();
      },
    };
  }

  const hold = { id: "held", trigger: "date", runDate: "2026-01-01" } as const;
  const tick = { id: "tick", trigger: "interval", milliseconds: EVERY_MS } as const;

  /** Times of the tick, from its first on, that stand in no row or in two. */
  function gaps(runs: readonly Run[]): number[] {
    const times = runs
      .flatMap(({ firstFireTime, count }) =>
        Array.from({ length: count }, (_, i) => firstFireTime.getTime() + i * EVERY_MS),
      )
      .toSorted((one, other) => one - other);
    return times.filter((time, i) => time !== (times[0] ?? 0) + i * EVERY_MS);
  }

  test("a process that is killed in the middle of a run: another takes the run up, and no time is unaccounted for", async ({
    expect,
  }) => {
    await using own = fleet();
    if (!tested.isShared) {
      // One process at a time: the jobs are added by a first one, which ends.
      const scheduler = await own.scheduler();
      await scheduler.addJob(Hold, hold);
      await scheduler.addJob(Brief, tick);
      await scheduler.shutdown();
    }
    const role = tested.isShared ? "worker" : "whole";
    const programs = [await own.program({ role })];
    const scheduler = tested.isShared ? await own.scheduler() : undefined;
    if (scheduler) {
      programs.push(await own.program({ role }));
      await scheduler.addJob(Hold, hold);
      await scheduler.addJob(Brief, tick);
    }
    const first = await Promise.any(
      programs.map(async (program) => ({ program, message: await program.waitFor(isHeld) })),
    );
    expect(first.message.attempt).toBe(1);
    await first.program.waitFor(isBrief).catch(() => undefined);
    await first.program.kill("SIGKILL");

    const heir =
      programs.find((program) => program !== first.program) ?? (await own.program({ role }));
    const second = await heir.waitFor(isHeld);
    expect(second).toEqual({ held: first.message.held, attempt: 2 });
    const from = heir.messages.length;
    await heir.waitFor(isBrief, { from });
    heir.send({ release: true });
    if (!scheduler) heir.send({ stop: true });
    if (!scheduler) await heir.exited();

    const looker = scheduler ?? (await own.scheduler());
    await expect
      .poll(async () => (await looker.getRun(first.message.held)).verdict, LIMIT)
      .toBe("succeeded");
    expect(await looker.getRun(first.message.held)).toMatchObject({
      attempt: 2,
      result: { by: heir.pid },
    });
    expect((await looker.getJob("held"))?.running).toBe(0);
    await looker.pauseJob("tick");
    await expect.poll(async () => (await looker.getJob("tick"))?.running, LIMIT).toBe(0);
    const { runs } = await looker.getRuns("tick", { limit: 1_000 });
    expect(gaps(runs)).toEqual([]);
    expect(runs.map(({ verdict }) => verdict)).toContain("succeeded");
  }, 240_000);

  if (!tested.isShared) return;

  test("maxInstances holds over processes, one of which is killed", async ({ expect }) => {
    await using own = fleet();
    const scheduler = await own.scheduler();
    const programs = await Promise.all(
      Array.from({ length: 3 }, () => own.program({ role: "worker" })),
    );
    await scheduler.addJob(Brief, {
      id: "brief",
      trigger: "interval",
      milliseconds: 10,
      coalesce: false,
      maxInstances: 2,
      maxCatchUp: 3,
    });
    const all = (): Brevity[] => programs.flatMap(({ messages }) => messages.filter(isBrief));
    await expect.poll(() => all().length, LIMIT).toBeGreaterThan(30);
    await programs[0]?.kill("SIGKILL");
    const before = all().length;
    await expect.poll(() => all().length, LIMIT).toBeGreaterThan(before + 30);
    await scheduler.removeJob("brief");
    expect(new Set(programs.map(({ messages }) => messages.some(isBrief)))).toEqual(
      new Set([true]),
    );
    const edges = all().flatMap(({ from, to }) => [
      { at: from, change: 1 },
      { at: to, change: -1 },
    ]);
    let running = 0;
    const counts = edges
      .toSorted((a, b) => a.at - b.at || a.change - b.change)
      .map(({ change }) => (running += change));
    expect(Math.max(...counts)).toBe(2);
  }, 240_000);

  test("events of all processes are heard in each, and a named listener goes on in another one when its process is killed", async ({
    expect,
  }) => {
    await using own = fleet();
    const scheduler = await own.scheduler();
    const heardHere: string[] = [];
    scheduler.on("JOB_EXECUTED", ({ runId }) => void heardHere.push(runId));
    await own.program({ role: "worker" });
    const first = await own.program({ role: "listener", listener: "alerts" });
    await scheduler.addJob(Brief, { id: "seen", trigger: "interval", milliseconds: 50 });
    const executed = (program: Program): string[] =>
      program.messages
        .filter(isHeard)
        .flatMap(({ heard, runId }) => (heard === "JOB_EXECUTED" && runId ? [runId] : []));
    await expect.poll(() => executed(first).length, LIMIT).toBeGreaterThan(5);
    await first.kill("SIGKILL");
    // Nobody listens under that name meanwhile, and nothing is lost.
    const before = heardHere.length;
    await expect.poll(() => heardHere.length, LIMIT).toBeGreaterThan(before + 5);
    const second = await own.program({ role: "listener", listener: "alerts" });
    await scheduler.pauseJob("seen");
    await expect.poll(async () => (await scheduler.getJob("seen"))?.running, LIMIT).toBe(0);
    const { runs } = await scheduler.getRuns("seen", { limit: 1_000 });
    const succeeded = runs.filter(({ verdict }) => verdict === "succeeded").map(({ id }) => id);
    await expect.poll(() => heardHere.length, LIMIT).toBe(succeeded.length);
    expect(new Set(heardHere)).toEqual(new Set(succeeded));
    await expect
      .poll(() => new Set([...executed(first), ...executed(second)]).size, LIMIT)
      .toBe(succeeded.length);
    expect(new Set(executed(second)).size).toBeLessThan(succeeded.length);
  }, 240_000);
}
