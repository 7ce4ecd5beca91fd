import { runningOf } from "../../jobs/decide/step.ts";
import { noteAlive } from "../../jobs/decide.ts";
import { decodeSteps, fireAtOf } from "../codec/steps-and-logs.ts";
import type { RunHold } from "../port/runs.ts";
import { MAX_STEPS, type StepRecord, type StepsPort } from "../port/steps.ts";
import type { MemoryLink, MemoryStore } from "./memory-link.ts";
import type { RunText } from "./run-texts.ts";

/** Runs whose steps one new run may push out: more than arrive, so that it catches up, but bounded. */
const MAX_GONE = 100;
/** For how long steps are kept of runs whose job is gone. */
const REMOVED_KEEP_MS = 86_400_000;

/** The steps of runs in memory. */
export class MemorySteps implements StepsPort {
  readonly #link: MemoryLink;

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async save(hold: RunHold, step: StepRecord): Promise<"saved" | "fenced" | "too-many"> {
    return this.#link.step((taken, { state, steps }) => {
      const { jobId, runId } = hold;
      const run = state.running.get(jobId)?.get(hold.queueJobId);
      if (run?.id !== runId || run.start !== hold.start) {
        noteAlive(taken, hold);
        return "fenced";
      }
      const known = steps.find(runId);
      const kept = known ?? steps.begin({ jobId, runId, order: fireAtOf(runId), at: taken.now });
      kept.at = taken.now;
      if (kept.texts.size >= MAX_STEPS && !kept.texts.has(step.name)) return "too-many";
      kept.texts.set(step.name, JSON.stringify(step));
      if (!known) steps.drop(this.#outdated(jobId, taken.now));
      return "saved";
    });
  }

  async read(_jobId: string, runId: string): Promise<StepRecord[]> {
    const texts = this.#link.ready().steps.find(runId)?.texts.values() ?? [];
    return decodeSteps([...texts], this.#link.options.onError);
  }

  /** Those of a run that has not ended stay however long it takes, since without them it would start over. */
  #outdated(jobId: string, now: number): RunText[] {
    const { state, steps }: MemoryStore = this.#link.ready();
    const { keepCount = 1, keepAgeMs = REMOVED_KEEP_MS } = state.jobs.get(jobId)?.rules ?? {};
    const runs = steps.ofJob(jobId);
    const excess = runs.slice(0, Math.max(0, runs.length - keepCount)).slice(0, MAX_GONE);
    const old = runs.filter(({ at }) => at < now - keepAgeMs).slice(0, MAX_GONE);
    const unfinished = new Set(runningOf({ state }, jobId).map(({ id }) => id));
    return [...new Set([...excess, ...old])].filter(({ runId }) => !unfinished.has(runId));
  }
}
