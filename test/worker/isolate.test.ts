import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { defineJob, Pipeline, type Run } from "../../src/index.ts";
import { compiledUrl, startCompiledChildren } from "../helpers/compiled-path.ts";
import { Isolated } from "./isolated-pipelines.ts";
import { eventually, onEachEngine, TestScheduler } from "./test-scheduler.ts";

const LIMIT_MS = 60_000;
const LONG = { timeout: 90_000 };
const dir = mkdtempSync(join(tmpdir(), "cronduit-isolate-"));
startCompiledChildren();
afterAll(() => rmSync(dir, { recursive: true }));

class NoModule extends Pipeline {
  run(): string {
    return "never";
  }
}

class Elsewhere extends Pipeline {
  static override readonly module = new URL("./no-such-module.ts", import.meta.url).href;
  run(): string {
    return "never";
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

onEachEngine((connection, engine) => {
  let fleet: TestScheduler;
  let jobs = 0;
  beforeAll(async () => {
    fleet = await TestScheduler.open(connection(), { pipelines: [Isolated, NoModule, Elsewhere] });
  }, 60_000);
  afterAll(() => fleet[Symbol.asyncDispose]());

  async function add(act: string, options: object = {}, params: object = {}) {
    const id = `isolated-${(jobs += 1)}`;
    const file = join(dir, `${fleet.scheduler.constructor.name}-${Math.random()}`);
    writeFileSync(file, "");
    await fleet.scheduler.addJob(Isolated, {
      id,
      trigger: "date",
      runDate: "2090-01-01",
      isolate: "process",
      params: { act, file, ...params },
      ...options,
    });
    const notes = (): [string, number][] =>
      readFileSync(file, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => [
          line.slice(0, line.lastIndexOf(" ")),
          Number(line.slice(line.lastIndexOf(" ") + 1)),
        ]);
    const run = (): Promise<Run> => fleet.scheduler.runJob(id, { wait: LIMIT_MS / 1_000 });
    return { id, notes, run };
  }

  test(
    "an attempt is executed in a process of its own, with its context and its output",
    LONG,
    async () => {
      const { run } = await add("tell", {}, { at: "2026-01-02T00:00:00Z" });
      const first = await run();
      const second = await run();
      expect([first.verdict, second.verdict, first.error]).toEqual([
        "succeeded",
        "succeeded",
        undefined,
      ]);
      const [one, two] = [first, second].map(({ result }) => result as { pid: number });
      expect(new Set([process.pid, one?.pid, two?.pid]).size).toBe(3);
      expect([one, two]).toMatchObject([
        {
          params: "2026-01-02T00:00:00.000Z",
          fireTime: first.fireTime.toISOString(),
          interval: [true],
        },
        { previous: "succeeded" },
      ]);
      expect((await fleet.lines(first.id)).toSorted()).toEqual([
        "info by the log",
        "output to standard error, without an end",
        "output to standard output",
      ]);
      expect([isAlive(one?.pid ?? 0), isAlive(two?.pid ?? 0)]).toEqual([false, false]);
    },
  );

  test("steps, retries and progress go through its worker", LONG, async () => {
    const { run, notes } = await add("steps", { retry: { attempts: 2, delay: "1ms" } });
    const { id, verdict, attempt, result, error } = await run();
    expect([verdict, attempt, result, error?.message]).toEqual([
      "succeeded",
      2,
      "three",
      undefined,
    ]);
    expect(notes().map(([what]) => what)).toEqual(["begin 1", "one", "two", "begin 2"]);
    expect((await fleet.steps(id)).toSorted()).toEqual([
      "$progress progress 1/2",
      "one step 1/1",
      "three step 1/2",
      "two step 1/1",
    ]);
  });

  test("while it sleeps there is no process", LONG, async () => {
    const { id, notes } = await add("sleep");
    const runId = await fleet.scheduler.runJob(id);
    await fleet.until(runId, ({ verdict }) => verdict === "sleeping");
    expect(notes().filter(([, pid]) => isAlive(pid))).toEqual([]);
    expect(await fleet.ended(runId)).toMatchObject({
      verdict: "succeeded",
      result: "slept",
      attempt: 1,
    });
    expect(notes().map(([what]) => what)).toEqual(["begin 1", "before", "begin 1"]);
  });

  // A worker and its child interact the same way on every engine.
  if (engine !== "redis") return;

  test.for([
    { act: "final", error: { name: "RangeError", message: "of no use" }, attempts: 1 },
    { act: "uncaught", error: { name: "TypeError", message: "from a timer" }, attempts: 2 },
    { act: "exit", error: { code: "PROCESS_ENDED", message: /exit code 7/ }, attempts: 2 },
    {
      act: "worker",
      error: { code: "INVALID_STATE", message: /child process of a run/ },
      attempts: 2,
    },
  ])("fails: $act", LONG, async ({ act, error, attempts }) => {
    const { run, notes } = await add(act, { retry: { attempts: 2, delay: "1ms" } });
    const ended = await run();
    const { message, ...rest } = error;
    expect(ended).toMatchObject({ verdict: "failed", attempt: attempts, error: rest });
    expect(ended.error?.message).toMatch(message);
    expect(notes()).toHaveLength(attempts);
  });

  test("messages that are none of ours are ignored", LONG, async () => {
    expect(await (await add("messages")).run()).toMatchObject({
      verdict: "succeeded",
      result: "unharmed",
    });
  });

  test("code that never yields is killed when its time is over", LONG, async () => {
    // The start of the process counts, and is slow on a busy machine.
    const { run, notes } = await add("block", { timeout: "15s" });
    expect(await run()).toMatchObject({ verdict: "failed", error: { code: "RUN_TIMED_OUT" } });
    const [begin] = notes();
    expect(begin?.[0]).toBe("begin 1");
    expect(isAlive(begin?.[1] ?? 0)).toBe(false);
  });

  test(
    "one that is cancelled may stop by itself, and what it started is killed with it",
    LONG,
    async () => {
      const polite = await add("wait");
      const deaf = await add("children");
      const ids = [await fleet.scheduler.runJob(polite.id), await fleet.scheduler.runJob(deaf.id)];
      await eventually(
        "both begin",
        () => polite.notes().length === 1 && deaf.notes().length === 2,
      );
      for (const id of ids) await fleet.scheduler.cancelRun(id, { reason: "enough" });
      for (const id of ids)
        expect(await fleet.ended(id)).toMatchObject({
          verdict: "cancelled",
          error: { code: "RUN_CANCELLED", message: "enough" },
        });
      expect(polite.notes().map(([what]) => what)).toEqual(["begin 1", "stopped: RUN_CANCELLED"]);
      await eventually(
        "nobody is left",
        () => ![...polite.notes(), ...deaf.notes()].some(([, pid]) => isAlive(pid)),
      );
    },
  );

  test("a function by its module, with what the schema made of its params", LONG, async () => {
    const job = defineJob({
      name: "by-module",
      module: fileURLToPath(compiledUrl(new URL("./isolated-pipelines.ts", import.meta.url).href)),
      export: "work",
      params: z.object({ at: z.coerce.date() }),
    });
    const options = {
      trigger: "date",
      runDate: "2090-01-01",
      params: { at: "2026-01-02" },
    } as const;
    await fleet.scheduler.addJob(job, { id: "inside", ...options });
    await fleet.scheduler.addJob(job, { id: "outside", isolate: "process", ...options });
    const [inside, outside] = [
      await fleet.scheduler.runJob("inside", { wait: LIMIT_MS / 1_000 }),
      await fleet.scheduler.runJob("outside", { wait: LIMIT_MS / 1_000 }),
    ].map(({ result }) => result as { pid: number; isDate: boolean });
    expect([inside?.pid === process.pid, outside?.pid === process.pid]).toEqual([true, false]);
    expect([inside?.isDate, outside?.isDate]).toEqual([true, true]);
  });

  test("a module that is not there is told", LONG, async () => {
    const options = { trigger: "date", runDate: "2090-01-01", isolate: "process" } as const;
    await fleet.scheduler.addJob(Elsewhere, { id: "elsewhere", ...options });
    expect(await fleet.scheduler.runJob("elsewhere", { wait: LIMIT_MS / 1_000 })).toMatchObject({
      verdict: "failed",
      error: { code: "MISSING_MODULE" },
    });
    await expect(
      fleet.scheduler.addJob(NoModule, { id: "nowhere", ...options }),
    ).rejects.toMatchObject({ code: "MISSING_MODULE" });
  });
});
