import type { EpochMs } from "../../core/clock.ts";

/** What is kept of one run: texts in the order in which they came first, each under a key. */
export interface RunText {
  readonly jobId: string;
  readonly runId: string;
  /** By what the runs of a job are ordered. */
  readonly order: number;
  /** When it was last written to, or began. */
  at: EpochMs;
  readonly texts: Map<string, string>;
  /** How many bytes they have; -1: it takes no more. */
  bytes: number;
}

/** Texts of runs, such as their steps or their logs, and of which job the runs are. */
export class RunTexts {
  readonly #runs = new Map<string, RunText>();
  /** Each job's runs in their order, oldest first. */
  readonly #ofJobs = new Map<string, RunText[]>();

  /** The jobs that have any. */
  jobs(): string[] {
    return [...this.#ofJobs.keys()];
  }

  find(runId: string): RunText | undefined {
    return this.#runs.get(runId);
  }

  /** A job's runs, oldest first. */
  ofJob(jobId: string): readonly RunText[] {
    return this.#ofJobs.get(jobId) ?? [];
  }

  /** Begins to keep texts of a run. */
  begin(run: Pick<RunText, "jobId" | "runId" | "order" | "at">): RunText {
    const begun: RunText = { ...run, texts: new Map(), bytes: 0 };
    this.#runs.set(run.runId, begun);
    const runs = this.#ofJobs.get(run.jobId);
    if (!runs) {
      this.#ofJobs.set(run.jobId, [begun]);
      return begun;
    }
    // Most come in their order.
    let place = runs.length;
    for (
      let before = runs[place - 1];
      before && comesBefore(begun, before);
      before = runs[place - 1]
    )
      place -= 1;
    runs.splice(place, 0, begun);
    return begun;
  }

  drop(gone: readonly RunText[]): void {
    if (gone.length === 0) return;
    const all = new Set(gone);
    for (const jobId of new Set(gone.map((run) => run.jobId))) {
      const left = this.ofJob(jobId).filter((run) => !all.has(run));
      if (left.length > 0) this.#ofJobs.set(jobId, left);
      else this.#ofJobs.delete(jobId);
    }
    for (const { runId } of gone) this.#runs.delete(runId);
  }
}

function comesBefore(a: RunText, b: RunText): boolean {
  return a.order < b.order || (a.order === b.order && a.runId < b.runId);
}
