import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import {
  type AddJobOptions,
  type PipelineClass,
  PipelineScheduler,
  type PipelineSchedulerOptions,
  PipelineWorker,
  type PipelineWorkerOptions,
  type Run,
  type SchedulerEvent,
} from "../../src/index.ts";
import { type Program, startProgram } from "../helpers/process.ts";
import { silent } from "../helpers/silent.ts";
import { recorder } from "./pipelines.ts";
import { appendLine, mostAtOnce, readLines, type RunLine } from "./run-file.ts";
import type { WorkerProgramOptions } from "./worker-program.ts";

/** Wide: it only bounds how long a broken test takes. */
const LIMIT_MS = 60_000;
const POLL_MS = 25;

/** Where a fleet's keys are, for tests that break things. */
export interface Keys {
  /** BullMQ's keys of the queue, with the colon at the end. */
  readonly queue: string;
  /** Our own. */
  readonly own: string;
}

/** A scheduler, workers in processes of their own, what they record, and what is heard of it. */
export class ProcessFleet implements AsyncDisposable {
  readonly url: string;
  readonly prefix = `t${randomUUID().slice(0, 8)}`;
  readonly dir = mkdtempSync(join(tmpdir(), "cronduit-fleet-"));
  readonly file = join(this.dir, "runs");
  readonly keys: Keys = {
    queue: `{${this.prefix}:default}:runs:`,
    own: `{${this.prefix}:default}:`,
  };
  readonly redis: Redis;
  readonly scheduler: PipelineScheduler;
  readonly events: SchedulerEvent[] = [];
  readonly #workers: PipelineWorker[] = [];
  readonly #programs: Program[] = [];

  private constructor(url: string, options: Partial<PipelineSchedulerOptions>) {
    this.url = url;
    writeFileSync(this.file, "");
    this.redis = new Redis(url, { lazyConnect: true });
    this.redis.on("error", () => undefined);
    this.scheduler = new PipelineScheduler({
      connection: url,
      prefix: this.prefix,
      pipelines: [this.pipeline("task"), this.pipeline("other")],
      worker: false,
      logger: silent,
      ...options,
    });
    this.scheduler.addListener((event) => this.events.push(event));
  }

  static async start(
    url: string,
    options: Partial<PipelineSchedulerOptions> = {},
  ): Promise<ProcessFleet> {
    const fleet = new ProcessFleet(url, options);
    await fleet.scheduler.start();
    return fleet;
  }

  pipeline(name: string): PipelineClass {
    return recorder(name, this.file);
  }

  async add(id: string, options: Record<string, unknown>, pipeline = "task"): Promise<void> {
    await this.scheduler.addJob(pipeline, {
      id,
      params: {},
      ...options,
    } as unknown as AddJobOptions);
  }

  /** A worker in a process of its own; it takes nothing before {@link go}. */
  async program(options: Partial<WorkerProgramOptions> = {}): Promise<Program> {
    const all: WorkerProgramOptions = {
      url: this.url,
      prefix: this.prefix,
      file: this.file,
      pipelines: ["task"],
      lockMs: 5_000,
      stalledCheckMs: 500,
      concurrency: 10,
      maxCrashes: 3,
      drainMs: 30_000,
      timeoutMs: 10_000,
      clockOffsetMs: 0,
      ...options,
    };
    const program = startProgram("test/crash/worker-program.ts", { args: [JSON.stringify(all)] });
    this.#programs.push(program);
    await program.waitFor((message) => has(message, "ready"));
    return program;
  }

  /** Lets a program begin to take runs; resolves to its worker's id. */
  async go(program: Program): Promise<string> {
    const from = program.messages.length;
    program.send({ go: true });
    const started = await program.waitFor((message) => has(message, "started"), { from });
    return String((started as { started: unknown }).started);
  }

  /** Kills a process and notes it in the runs' file. */
  async kill(program: Program): Promise<void> {
    await program.kill("SIGKILL");
    appendLine(this.file, { what: "dead" }, program.pid);
  }

  /** A worker in this process. */
  async worker(options: Partial<PipelineWorkerOptions> = {}): Promise<PipelineWorker> {
    const worker = new PipelineWorker({
      connection: this.url,
      prefix: this.prefix,
      pipelines: [this.pipeline("task")],
      logger: silent,
      lock: 5,
      stalledCheck: 0.5,
      signals: [],
      drain: 0,
      ...options,
    });
    this.#workers.push(worker);
    await worker.start();
    return worker;
  }

  lines(what?: RunLine["what"], job?: string): RunLine[] {
    return readLines(this.file).filter(
      (line) =>
        (what === undefined || line.what === what) && (job === undefined || line.job === job),
    );
  }

  heard(name: SchedulerEvent["name"], jobId?: string): SchedulerEvent[] {
    return this.events.filter(
      (event) => event.name === name && (jobId === undefined || event.jobId === jobId),
    );
  }

  /** Waits until something holds; fails after a wide limit and tells what is known then. */
  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    while (!(await holds())) {
      if (performance.now() > end)
        throw new Error(`${what}: not within ${LIMIT_MS} ms. ${this.#story()}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Waits for `count` events of a name. */
  async hears(name: SchedulerEvent["name"], jobId: string, count = 1): Promise<SchedulerEvent[]> {
    await this.until(
      `${count} × ${name} of ${jobId}`,
      () => this.heard(name, jobId).length >= count,
    );
    return this.heard(name, jobId);
  }

  /** All rows of a job's ledger, the oldest first; those without a verdict too. */
  async ledger(jobId: string): Promise<Run[]> {
    const rows: Run[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.scheduler.getRuns(jobId, {
        limit: 1_000,
        ...(cursor ? { cursor } : {}),
      });
      rows.push(...page.runs);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return rows.toSorted((a, b) => a.fireTime.getTime() - b.fireTime.getTime());
  }

  /** Waits until every one of these occurrences has its verdict. */
  async decided(jobId: string, fireTimes: readonly number[]): Promise<void> {
    await this.until(`the verdicts of ${jobId}`, async () => {
      const rows = await this.ledger(jobId);
      return (
        rows.every(({ verdict }) => !isOpen(verdict)) &&
        fireTimes.every((at) => rows.some((row) => covers(row, at)))
      );
    });
  }

  /**
   * The promise, from three independent records: the ledger, the file that the runs wrote, and the events.
   * @param fireTimes All occurrences that the job had.
   */
  async account(
    jobId: string,
    fireTimes: readonly number[],
    { maxInstances = 1, manual = 0 } = {},
  ): Promise<Run[]> {
    const rows = await this.ledger(jobId);
    const scheduled = rows.filter(({ trigger }) => trigger === "scheduled");
    // (1) Each occurrence has exactly one decision, and no row stands for anything else.
    for (const at of fireTimes) {
      const deciding = scheduled.filter((row) => covers(row, at)).map(({ id }) => id);
      assert.equal(deciding.length, 1, `decisions on ${at} of ${fireTimes[0]}: ${deciding.join()}`);
    }
    const counted = scheduled.reduce(
      (sum, { count, verdict }) => sum + (ran(verdict) ? 1 : count),
      0,
    );
    assert.equal(counted, fireTimes.length, "occurrences that were decided");
    assert.equal(rows.length - scheduled.length, manual, "manual runs");
    assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length, "ids in the ledger");
    assert.deepEqual(
      rows.filter(({ verdict }) => isOpen(verdict)),
      [],
      "runs without a verdict",
    );

    // (2) What ran started at least once, each attempt at most once, and nothing else started.
    const starts = this.lines("start", jobId);
    const runs = rows.filter(({ verdict }) => ran(verdict));
    const attempts = new Set(starts.map(({ run, attempt }) => `${run} ${attempt}`));
    assert.equal(attempts.size, starts.length, "an attempt started twice");
    const known = new Set(runs.map(({ id }) => id));
    assert.deepEqual(
      starts.filter(({ run }) => !known.has(run ?? "")),
      [],
      "starts of runs that the ledger does not know",
    );
    for (const run of runs) {
      const own = starts.filter((line) => line.run === run.id).map(({ attempt }) => attempt ?? 0);
      assert.ok(Math.max(0, ...own) <= (run.attempt ?? 0), `attempts of ${run.id}: ${own.join()}`);
      if (run.verdict === "succeeded")
        assert.ok(
          own.includes(run.attempt ?? 0),
          `the recorded attempt of ${run.id} never started`,
        );
    }
    // (3) Never more than maxInstances, and (4) none is held at the end.
    const most = mostAtOnce(this.lines(), jobId);
    assert.ok(most <= maxInstances, `${most} attempts at once, of at most ${maxInstances}`);
    assert.equal(
      await this.redis.exists(`${this.keys.own}running:${jobId}`),
      0,
      "a leaked instance",
    );
    assert.equal(await this.redis.sismember(`${this.keys.own}live`, jobId), 0, "a leaked mark");
    // (5) Each decision has its event.
    const verdicts = {
      succeeded: "JOB_EXECUTED",
      failed: "JOB_ERROR",
      cancelled: "JOB_CANCELLED",
    } as const;
    for (const run of runs) {
      const name = verdicts[run.verdict as keyof typeof verdicts];
      await this.until(`${name} of ${run.id}`, () =>
        this.heard(name, jobId).some(({ runId }) => runId === run.id),
      );
    }
    const ends = Object.values(verdicts).flatMap((name) => this.heard(name, jobId));
    assert.deepEqual(
      ends.map(({ runId }) => String(runId)).toSorted((a, b) => (a < b ? -1 : 1)),
      runs.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1)),
      "one verdict event for each run",
    );
    return rows;
  }

  /** How many queue jobs of this job are known to BullMQ, in whatever state. */
  async queueJobs(jobId: string): Promise<string[]> {
    const keys = await this.redis.keys(`${this.keys.queue}${jobId}:*`);
    return keys.filter((key) => !key.endsWith(":lock"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill("SIGKILL")));
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await this.scheduler.shutdown();
    this.redis.disconnect();
    rmSync(this.dir, { recursive: true, force: true });
  }

  #story(): string {
    const events = this.events
      .slice(-15)
      .map(
        ({ name, runId, attempt, reason }) =>
          `${name} ${runId ?? ""} ${attempt ?? ""} ${reason ?? ""}`,
      );
    const lines = this.lines()
      .slice(-10)
      .map((line) => JSON.stringify(line));
    const programs = this.#programs.map(
      (program) =>
        `${program.pid}: ${JSON.stringify(program.messages.slice(-5))} ${program.output()}`,
    );
    return `Events: ${events.join("; ")}. Runs: ${lines.join(" ")}. Programs: ${programs.join(" ")}`;
  }
}

export function has(message: unknown, key: string): boolean {
  return typeof message === "object" && message !== null && key in message;
}

/** `count` fire times from `first` on. */
export function times(first: number, everyMs: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i * everyMs);
}

/**
 * Options of an interval job whose occurrences all lie in the past, so that they are due at once, and their times.
 * Nothing depends on how fast the test is.
 */
export function backlog(
  count: number,
  everyMs = 100,
): { options: Record<string, unknown>; fireTimes: number[] } {
  const first = Date.now() - count * everyMs - 1_000;
  const fireTimes = times(first, everyMs, count);
  return {
    fireTimes,
    options: {
      trigger: "interval",
      milliseconds: everyMs,
      startDate: new Date(first),
      endDate: new Date(fireTimes.at(-1) ?? first),
      nextRunTime: new Date(first),
    },
  };
}

/** Options of an interval job that begins soon and ends by itself, and its times. */
export function soon(
  count: number,
  everyMs: number,
  inMs = 300,
): { options: Record<string, unknown>; fireTimes: number[] } {
  const first = Date.now() + inMs;
  const fireTimes = times(first, everyMs, count);
  return {
    fireTimes,
    options: {
      trigger: "interval",
      milliseconds: everyMs,
      startDate: new Date(first),
      endDate: new Date(fireTimes.at(-1) ?? first),
      // So that all of them count, even if adding the job takes longer than until the first.
      nextRunTime: new Date(first),
    },
  };
}

function covers(row: Run, at: number): boolean {
  // A run that others were merged into counts them too; those have a row of their own.
  const from = ran(row.verdict) || isOpen(row.verdict) ? row.fireTime : row.firstFireTime;
  return row.trigger === "scheduled" && from.getTime() <= at && at <= row.fireTime.getTime();
}

function ran(verdict: string): boolean {
  return verdict === "succeeded" || verdict === "failed" || verdict === "cancelled";
}

function isOpen(verdict: string): boolean {
  return verdict === "queued" || verdict === "running" || verdict === "retrying";
}
