import { setTimeout as wait } from "node:timers/promises";
import { EVENT_JOB_STARTED, type PipelineScheduler } from "cronduit";
import { giveAccount } from "./account.ts";
import { planJobs } from "./jobs.ts";
import type { Screen } from "./screen.ts";

/** For how long jobs are due. */
const PLAY_MS = 14_000;
const PAUSE_AFTER_MS = 3_500;
const RESUME_AFTER_MS = 7_500;
/** The demo gives up if this much time has passed since the last due time. */
const PATIENCE_MS = 20_000;

/** Short timeouts for taking over a killed process's run, because you are watching. */
export const TUNING = { lock: "2s", stalledCheck: "1s" };
/** When to kill a process, provided that "watch" has started. */
export const KILL_AFTER_MS = 5_500;

/** What both parts need. */
export interface Demo {
  readonly scheduler: PipelineScheduler;
  readonly folder: string;
  /** When jobs are first due: a whole second. */
  readonly from: number;
  readonly signal?: AbortSignal;
}

/** A whole second that leaves time to add jobs. */
export function nextBeginning(): number {
  return Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
}

/** Waits until a time after the start. */
export async function until(afterMs: number, { from, signal }: Omit<Demo, "scheduler">) {
  await wait(Math.max(0, from + afterMs - Date.now()), undefined, signal ? { signal } : {});
}

/** Resolves to the worker that runs "watch". Call it before the jobs are added. */
export function watchStarted(scheduler: PipelineScheduler): Promise<string> {
  return new Promise((resolve) => {
    scheduler.addListener(({ jobId, worker }) => {
      if (jobId === "watch" && worker !== undefined) resolve(worker);
    }, EVENT_JOB_STARTED);
  });
}

/** Part one: declares the jobs and pauses one. */
export async function begin(demo: Demo): Promise<void> {
  await declare(demo);
  await until(PAUSE_AFTER_MS, demo);
  await demo.scheduler.pauseJob("disk", "checking the disk");
}

/** Declares the jobs. Existing ones stay unchanged, so every process may do this when it starts. */
export async function declare({ scheduler, folder, from }: Demo): Promise<void> {
  await scheduler.addJobs(planJobs(folder, from, from + PLAY_MS));
}

/** Part two: resumes the paused job, waits for the end, and prints the account. @returns Whether it adds up. */
export async function finish(demo: Demo, screen: Screen): Promise<boolean> {
  const { scheduler, folder, from, signal } = demo;
  await until(RESUME_AFTER_MS, demo);
  await scheduler.resumeJob("disk");
  await until(PLAY_MS, demo);
  await untilFinished(scheduler, signal);
  return giveAccount(scheduler, screen, planJobs(folder, from, from + PLAY_MS));
}

/** Waits until every trigger is exhausted and every run has ended. */
async function untilFinished(scheduler: PipelineScheduler, signal?: AbortSignal): Promise<void> {
  const options = signal ? { signal } : {};
  for (const giveUpAt = Date.now() + PATIENCE_MS; Date.now() < giveUpAt;) {
    const { jobs } = await scheduler.getJobs();
    const isOver = jobs.every(({ state, running }) => state === "finished" && running === 0);
    // The last events are still in transit.
    await wait(200, undefined, options);
    if (isOver) return;
  }
}
