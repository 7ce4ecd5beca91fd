import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { lineLogger, PipelineScheduler, type Run } from "../../src/index.ts";
import { type Program, startProgram } from "../helpers/process.ts";
import { type Note, readNotes, Survivor } from "./survivor.ts";
import type { SurvivorOptions } from "./survivor-program.ts";

/** Wide: it only bounds how long a broken test takes. */
const LIMIT_MS = 60_000;
const LONG = { timeout: 120_000 };

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A job, workers that may die, and what its runs wrote down. */
class Scene implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), "cronduit-survive-"));
  readonly file = join(this.dir, "notes");
  readonly scheduler: PipelineScheduler;
  readonly #url: string;
  readonly #prefix = `survive-${randomUUID().slice(0, 8)}`;
  readonly #programs: Program[] = [];

  constructor(url: string) {
    this.#url = url;
    writeFileSync(this.file, "");
    this.scheduler = new PipelineScheduler({
      connection: url,
      prefix: this.#prefix,
      pipelines: [Survivor],
      worker: false,
      logger: lineLogger("error"),
    });
  }

  /** Adds the job and asks for its one run. @returns The run's id. */
  async begin(act: string, options: object = {}): Promise<string> {
    await this.scheduler.start();
    await this.scheduler.addJob(Survivor, {
      id: "job",
      trigger: "date",
      runDate: "2090-01-01",
      params: { act, file: this.file },
      ...options,
    });
    return this.scheduler.runJob("job");
  }

  async worker(options: Partial<SurvivorOptions> = {}): Promise<Program> {
    const all: SurvivorOptions = { url: this.#url, prefix: this.#prefix, ...options };
    const program = startProgram("test/crash/survivor-program.ts", { args: [JSON.stringify(all)] });
    this.#programs.push(program);
    if (!options.dieAt)
      await program.waitFor((message) => JSON.stringify(message).includes("started"));
    return program;
  }

  notes(): Note[] {
    return readNotes(this.file);
  }

  said(): string[] {
    return this.notes().map(({ what }) => what);
  }

  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    while (!(await holds())) {
      if (performance.now() > end) {
        const told = this.#programs.map((program) => program.output()).join("; ");
        throw new Error(`${what}: not within ${LIMIT_MS} ms. ${this.said().join(", ")}. ${told}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async heard(what: string): Promise<void> {
    await this.until(what, () => this.said().includes(what));
  }

  async ended(runId: string): Promise<Run> {
    let run = await this.scheduler.getRun(runId);
    await this.until(`the verdict of ${runId}`, async () => {
      run = await this.scheduler.getRun(runId);
      return ["succeeded", "failed", "cancelled"].includes(run.verdict);
    });
    return run;
  }

  async steps(runId: string): Promise<string[]> {
    const steps = await this.scheduler.getSteps(runId);
    return steps.map(({ name, attempt }) => `${name} ${attempt}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill("SIGKILL")));
    await this.scheduler.shutdown();
    rmSync(this.dir, { recursive: true });
  }
}

describe.each([
  { engine: "redis", url: () => inject("redisUrl") },
  { engine: "postgres", url: () => inject("postgresUrl") },
])("on $engine", ({ url }) => {
  describe.concurrent("SIGKILL", () => {
    test.for([
      { act: "between", at: "between", said: ["one", "between", "begin 2", "between", "two"] },
      {
        act: "inside",
        at: "two begins",
        said: ["one", "two begins", "begin 2", "two begins", "two"],
      },
    ])("$act two steps: the first is not executed again", LONG, async ({ act, at, said }) => {
      await using scene = new Scene(url());
      const victim = await scene.worker();
      const runId = await scene.begin(act);
      await scene.heard(at);
      await victim.kill("SIGKILL");
      await scene.worker();
      expect(await scene.ended(runId)).toMatchObject({ verdict: "succeeded", attempt: 2 });
      expect(scene.said()).toEqual(["begin 1", ...said]);
      expect(await scene.steps(runId)).toEqual(["one 1", "two 2"]);
    });

    test("with steps side by side: those that were done are not executed again", LONG, async () => {
      await using scene = new Scene(url());
      const victim = await scene.worker();
      const runId = await scene.begin("parallel");
      await scene.until("two are stored", async () => (await scene.steps(runId)).length === 2);
      await victim.kill("SIGKILL");
      await scene.worker();
      expect(await scene.ended(runId)).toMatchObject({
        verdict: "succeeded",
        attempt: 2,
        result: ["a", "b", "c"],
      });
      expect(scene.said()).toEqual(["begin 1", "a", "b", "c", "begin 2", "c"]);
    });

    test("while its run sleeps: it goes on in time, and that is no crash", LONG, async () => {
      await using scene = new Scene(url());
      const victim = await scene.worker();
      const runId = await scene.begin("sleep");
      await scene.until("it sleeps", async () => {
        return (await scene.scheduler.getRun(runId)).verdict === "sleeping";
      });
      await victim.kill("SIGKILL");
      await scene.worker();
      expect(await scene.ended(runId)).toMatchObject({ verdict: "succeeded", attempt: 1 });
      expect(scene.said()).toEqual(["begin 1", "one", "begin 1", "two"]);
      const [, wait, two] = await scene.scheduler.getSteps(runId);
      expect(two?.startedAt.getTime()).toBeGreaterThanOrEqual(
        (wait?.finishedAt.getTime() ?? 0) - 50,
      );
    });

    test.for([
      // Its step was stored, or not: then it is executed again, as at least once says.
      { call: "saveStep", when: "before", said: ["one", "begin 2", "one", "begin 2", "two"] },
      { call: "saveStep", when: "after", said: ["one", "begin 2", "begin 2", "two"] },
      { call: "suspend", when: "before", said: ["one", "begin 2", "begin 2", "two"] },
      // It slept already: only its queue job was not put back.
      { call: "suspend", when: "after", said: ["one", "begin 1", "two"] },
    ] as const)("$when $call", LONG, async ({ call, when, said }) => {
      await using scene = new Scene(url());
      const victim = await scene.worker({ dieAt: { call, when } });
      const runId = await scene.begin("sleep");
      expect(await victim.exited()).toEqual({ code: null, signal: "SIGKILL" });
      await scene.worker();
      const attempt = said.includes("begin 2" as never) ? 2 : 1;
      expect(await scene.ended(runId)).toMatchObject({ verdict: "succeeded", attempt });
      const all = ["begin 1", ...said];
      // A wait whose end has come when its run is taken up is none.
      const isOver = scene.said().length === all.length - 1;
      expect(scene.said()).toEqual(isOver ? all.toSpliced(all.lastIndexOf("begin 2"), 1) : all);
      expect((await scene.steps(runId)).map((step) => step.split(" ")[0])).toEqual([
        "one",
        "$sleep:1",
        "two",
      ]);
    });
  });

  describe.concurrent("a worker that lost its run", () => {
    test("can neither store a step, nor replace one, nor end the run", LONG, async () => {
      await using scene = new Scene(url());
      const zombie = await scene.worker();
      const runId = await scene.begin("zombie");
      await scene.heard("begin 1");
      const heir = await scene.worker();
      expect(await scene.ended(runId)).toMatchObject({
        verdict: "succeeded",
        attempt: 2,
        result: "attempt 2",
      });
      await scene.heard("end 1");
      await scene.until("the refusal", () => zombie.output().includes("lost its run"));
      expect(scene.said().filter((what) => !/^(?:begin|end)/.test(what))).toEqual([
        "refused: RUN_FENCED",
        "told to stop: RUN_ABORTED",
      ]);
      const steps = await scene.scheduler.getSteps(runId);
      expect(steps.map(({ name, result, attempt }) => [name, result, attempt])).toEqual([
        ["one", "attempt 2", 2],
        ["two", 2, 2],
      ]);
      expect(heir.isRunning).toBe(true);
    });
  });

  describe.concurrent("cancelRun", () => {
    test("reaches a worker in another process", LONG, async () => {
      await using scene = new Scene(url());
      await scene.worker();
      const runId = await scene.begin("wait");
      await scene.heard("begin 1");
      const from = performance.now();
      expect(await scene.scheduler.cancelRun(runId)).toBe("asked");
      await scene.heard("stopped: RUN_CANCELLED");
      // Under a second on a machine that has nothing else to do.
      expect(performance.now() - from).toBeLessThan(5_000);
      expect((await scene.ended(runId)).verdict).toBe("cancelled");
    });
  });

  describe.concurrent("the child process of a run", () => {
    const isolated = { isolate: "process" };
    const childOf = (scene: Scene): number => scene.notes()[0]?.pid ?? 0;

    test("dies with its worker, even when it never yields", LONG, async () => {
      await using scene = new Scene(url());
      const victim = await scene.worker();
      const runId = await scene.begin("block", isolated);
      await scene.heard("blocks");
      expect(childOf(scene)).not.toBe(victim.pid);
      await victim.kill("SIGKILL");
      await scene.until("the child is gone", () => !isAlive(childOf(scene)));
      await scene.worker();
      expect(await scene.ended(runId)).toMatchObject({ verdict: "succeeded", result: "later" });
    });

    test("is killed when its worker finds that it lost the run", LONG, async () => {
      await using scene = new Scene(url());
      const victim = await scene.worker();
      const runId = await scene.begin("block", isolated);
      await scene.heard("blocks");
      victim.signal("SIGSTOP");
      await scene.worker();
      expect(await scene.ended(runId)).toMatchObject({ verdict: "succeeded", attempt: 2 });
      expect(isAlive(childOf(scene))).toBe(true);
      victim.signal("SIGCONT");
      await scene.until("the child is gone", () => !isAlive(childOf(scene)));
      expect(victim.isRunning).toBe(true);
    });

    test("is killed when its worker shuts down, and its run handed to others", LONG, async () => {
      await using scene = new Scene(url());
      const leaving = await scene.worker();
      const runId = await scene.begin("deaf", isolated);
      await scene.heard("begin 1");
      leaving.signal("SIGTERM");
      expect(await leaving.exited()).toEqual({ code: null, signal: "SIGTERM" });
      expect(isAlive(childOf(scene))).toBe(false);
      await scene.worker();
      expect(await scene.ended(runId)).toMatchObject({ verdict: "succeeded", attempt: 2 });
    });
  });
});
