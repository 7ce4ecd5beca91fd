import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { AddJobOptions, PipelineSchedulerOptions, Run } from "../../src/index.ts";
import { createTasks, type Tasks, type TaskSettings } from "../../src/tasks.ts";
import { TestScheduler } from "../worker/test-scheduler.ts";

const LIMIT_S = 40;
const MISSING =
  "The tests need python3: install it, e.g. `apt-get install python3`, so that it stands in PATH.";

/** Finds Python, or installs it where the tests may. */
export function needsPython(): void {
  const isThere = (): boolean => {
    try {
      execFileSync("python3", ["-c", ""], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  };
  if (isThere()) return;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    const options = { stdio: "ignore", timeout: 300_000 } as const;
    try {
      execFileSync("apt-get", ["update"], options);
      execFileSync("apt-get", ["install", "-y", "--no-install-recommends", "python3"], options);
    } catch {
      throw new Error(MISSING);
    }
  }
  if (!isThere()) throw new Error(MISSING);
}

/** The processes that have this text among their arguments. */
export function processesWith(mark: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** A scheduler in memory with a worker that has the tasks. */
export class TaskFleet implements AsyncDisposable {
  readonly tasks: Tasks;
  readonly fleet: TestScheduler;
  #jobs = 0;

  private constructor(tasks: Tasks, fleet: TestScheduler) {
    this.tasks = tasks;
    this.fleet = fleet;
  }

  static async open(
    settings: TaskSettings = {},
    options: PipelineSchedulerOptions = {},
  ): Promise<TaskFleet> {
    const tasks = createTasks({ environment: process.env, ...settings });
    const fleet = await TestScheduler.open(undefined, {
      pipelines: Object.values(tasks),
      ...options,
    });
    return new TaskFleet(tasks, fleet);
  }

  get scheduler() {
    return this.fleet.scheduler;
  }

  /** Adds a job that runs only on request. */
  async add(task: keyof Tasks, params: object, options: object = {}): Promise<string> {
    const id = `${task}-${(this.#jobs += 1)}`;
    await this.scheduler.addJob(task, {
      id,
      trigger: "date",
      runDate: "2090-01-01",
      params,
      ...options,
    } as unknown as AddJobOptions);
    return id;
  }

  /** Runs such a job to its end. */
  async run(task: keyof Tasks, params: object, options: object = {}): Promise<Run> {
    return this.scheduler.runJob(await this.add(task, params, options), { wait: LIMIT_S });
  }

  /** The log of a run, as `level message`. */
  lines(run: Pick<Run, "id">): Promise<string[]> {
    return this.fleet.lines(run.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet[Symbol.asyncDispose]();
  }
}
