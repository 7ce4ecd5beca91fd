import { nextTurn } from "../../core/clock.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import { markedOf } from "../../jobs/marks.ts";
import type { QueueJobId } from "../../jobs/occurrence-id.ts";
import type { Occurrence } from "../../jobs/schedule.ts";
import { Batcher } from "../calls/batcher.ts";
import type { AdmittedRun, SettleRequest, Settlement } from "../port/engine.ts";
import { toJson } from "../codec/stored-json.ts";
import type { ScriptRunner } from "./scripts.ts";

/** Steps a script call: keeps one call below a few milliseconds. */
const BATCH = 100;
/** Arguments of `settle_fast` for a run that goes on, and for no occurrence after the next. */
const GOES_ON = ["", "", "", "", "", "", "", "", "", ""] as const;
const NOTHING_FOLLOWS = ["", ""] as const;

/** Arguments of `settle_fast` up to the occurrence after the next. */
type Beginning = readonly string[];

/** Ends runs of the fast path and stores, for their jobs, the occurrence after the next, many per script call; see `fast_path.lua`. */
export class FastPath {
  readonly #calls: Batcher<readonly string[], number>;
  /** Runs that started in this turn of the event loop, by queue job: if one ends at once, both travel as one step. */
  readonly #begun = new Map<string, Beginning>();
  readonly #onError: (error: unknown) => void;
  #isArmed = false;

  constructor(scripts: ScriptRunner, onError: (error: unknown) => void) {
    this.#onError = onError;
    this.#calls = new Batcher(
      async (steps) =>
        (await scripts.run("settle_fast", { steps: steps.length }, steps.flat())) as number[],
      BATCH,
    );
  }

  /** @param id The queue job whose run started; `run` is its occurrence. */
  goesOn(id: string, run: QueueJobId, next: Occurrence | undefined): void {
    const following = next ? [`${next.fireAt}`, `${next.dueAt}`] : NOTHING_FOLLOWS;
    this.#begun.set(id, [run.jobId, id, `${run.fireAt}`, ...following]);
    if (this.#isArmed) return;
    this.#isArmed = true;
    void nextTurn().then(() => this.#sendBegun());
  }

  /** @returns `undefined` if the run can't take the fast path: call `settle`. */
  async settle(request: SettleRequest): Promise<Settlement | undefined> {
    const { begun: run, lock, start, verdict, queueJobId, jobId } = request;
    if (!run || !lock || start !== run.start || verdict !== "succeeded") return undefined;
    const beginning = this.#begun.get(queueJobId);
    this.#begun.delete(queueJobId);
    const answer = await this.#calls.add([
      ...(beginning ?? [jobId, queueJobId, `${run.fireAt}`, ...NOTHING_FOLLOWS]),
      beginning ? "0" : "1",
      ...ending(request, run, lock),
    ]);
    if (answer === 0) return undefined;
    return { now: run.startedAt, outcome: "settled", endedQueueJob: answer === 2 };
  }

  #sendBegun(): void {
    this.#isArmed = false;
    for (const beginning of this.#begun.values()) {
      // Not retried: the job's next admission adds the queue job of the occurrence after it, and the reconciler sees to that.
      this.#calls.add([...beginning, "1", ...GOES_ON]).catch(this.#onError);
    }
    this.#begun.clear();
  }
}

function ending(request: SettleRequest, run: AdmittedRun, lock: string): string[] {
  const { jobId, worker, resultJson: result, retention, verdict: state } = request;
  const { runId: id, kind, fireAt, dueAt, startedAt, attempt } = run;
  const tookMs = Math.max(0, Math.round(request.durationMs));
  const finishedAt = startedAt + tookMs;
  const row: LedgerRow = { id, state, kind, fireAt, dueAt, startedAt, finishedAt, attempt, worker };
  const event = { name: "JOB_EXECUTED", jobId, runId: id, fireAt, attempt, worker };
  return [
    id,
    lock,
    `${startedAt - fireAt}`,
    `${tookMs}`,
    result ?? "",
    toJson(result === undefined ? row : { ...row, result }),
    toJson(result === undefined ? event : { ...event, result }).slice(1),
    `${retention.count} ${retention.ageMs}`,
    markedOf(row).mark,
    `${Math.max(0, startedAt - dueAt)}`,
  ];
}
