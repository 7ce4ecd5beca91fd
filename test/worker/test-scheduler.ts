import { randomUUID } from "node:crypto";
import { describe, expect, inject } from "vitest";
import {
  type AddJobOptions,
  type Logger,
  Pipeline,
  PipelineScheduler,
  type PipelineSchedulerOptions,
  type Run,
  type RunContext,
  type SchedulerEvent,
} from "../../src/index.ts";

/** Wide: it only bounds how long a broken test takes. */
const LIMIT_MS = 30_000;

/** What a run does. */
export type Act = (context: RunContext) => unknown;

/** A line that went to the process's logger. */
export interface Logged {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** A scheduler with a worker in this process, and jobs whose work each test says. */
export class TestScheduler implements AsyncDisposable {
  readonly scheduler: PipelineScheduler;
  readonly events: SchedulerEvent[] = [];
  readonly logged: Logged[] = [];
  /** The jobs' pipeline; a separate subclass for each fleet. */
  readonly Work: new () => Pipeline;
  readonly #acts = new Map<string, Act>();
  #jobs = 0;

  private constructor(connection: string | undefined, options: PipelineSchedulerOptions) {
    const acts = this.#acts;
    this.Work = class Work extends Pipeline {
      static override retryOn(error: unknown): boolean {
        return !(error instanceof RangeError);
      }
      run(context: RunContext): unknown {
        return acts.get(context.jobId)?.(context);
      }
    };
    this.scheduler = new PipelineScheduler({
      ...(connection === undefined ? {} : { connection }),
      prefix: `stage-${randomUUID().slice(0, 8)}`,
      pipelines: [this.Work],
      logger: this.#logger(),
      ...options,
    });
    this.scheduler.addListener((event) => void this.events.push(event));
  }

  static async open(
    connection: string | undefined,
    options: PipelineSchedulerOptions = {},
  ): Promise<TestScheduler> {
    const fleet = new TestScheduler(connection, options);
    await fleet.scheduler.start();
    return fleet;
  }

  /** Adds a job that runs only on request. */
  async job(act: Act, options: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const id = `job-${(this.#jobs += 1)}`;
    this.#acts.set(id, act);
    await this.scheduler.addJob(this.Work, {
      id,
      trigger: "date",
      runDate: "2090-01-01",
      ...options,
    } as unknown as AddJobOptions);
    return id;
  }

  /** Runs such a job, and waits for its verdict. */
  async run(act: Act, options: Readonly<Record<string, unknown>> = {}): Promise<Run> {
    const id = await this.job(act, options);
    return this.scheduler.runJob(id, { wait: LIMIT_MS / 1_000 });
  }

  /** Runs such a job. @returns The run's id. */
  async begin(act: Act, options: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return this.scheduler.runJob(await this.job(act, options));
  }

  /** The run when it has a verdict. */
  async ended(runId: string): Promise<Run> {
    return this.until(
      runId,
      (run) => !["queued", "running", "retrying", "sleeping"].includes(run.verdict),
    );
  }

  /** The run when something holds of it. */
  async until(runId: string, holds: (run: Run) => boolean): Promise<Run> {
    let last: Run | undefined;
    await eventually(`run ${runId}`, async () => {
      last = await this.scheduler.getRun(runId);
      return holds(last);
    });
    if (!last) throw new Error("unreachable");
    return last;
  }

  /** The names of a job's events, in their order; waits until the last of them came. */
  async story(jobId: string, last: SchedulerEvent["name"]): Promise<string[]> {
    const own = () => this.events.filter((event) => event.jobId === jobId);
    await eventually(`${last} of ${jobId}`, () => own().at(-1)?.name === last);
    return own().map(({ name }) => name);
  }

  /** A run's stored steps as `name kind tries/attempt`, with a trailing `!` if it failed. */
  async steps(runId: string): Promise<string[]> {
    const steps = await this.scheduler.getSteps(runId);
    return steps.map(
      ({ name, kind, tries, attempt, error }) =>
        `${name} ${kind} ${tries}/${attempt}${error ? "!" : ""}`,
    );
  }

  /** The messages of a run's log. */
  async lines(runId: string): Promise<string[]> {
    const { lines } = await this.scheduler.getLogs(runId);
    return lines.map(({ level, message }) => `${level} ${message}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scheduler.shutdown({ wait: false });
  }

  #logger(): Logger {
    const at = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
      void this.logged.push({ level, message, fields });
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }
}

export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  await expect
    .poll(async () => holds(), { timeout: LIMIT_MS, interval: 20, message: what })
    .toBe(true);
}

/** Resolves when the signal fires. */
export function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The same cases on each engine, one after the other. */
export function onEachEngine(
  cases: (connection: () => string | undefined, engine: "redis" | "postgres" | "memory") => void,
): void {
  describe.each([
    { engine: "redis", connection: () => inject("redisUrl") as string | undefined },
    { engine: "postgres", connection: () => inject("postgresUrl") },
    { engine: "memory", connection: () => undefined },
  ] as const)("on $engine", ({ connection, engine }) => {
    cases(connection, engine);
  });
}
