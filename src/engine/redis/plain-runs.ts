import { nextTurn } from "../../core/clock.ts";
import { type WakeUpId, wakeUpId } from "../../jobs/occurrence-id.ts";
import type { Occurrence } from "../../jobs/schedule.ts";
import { Batcher } from "../batcher.ts";
import type { AdmittedRun, SettleRequest, Settlement } from "../engine.ts";
import { toJson } from "../stored-json.ts";
import type { ScriptRunner } from "./scripts.ts";

/** Runs a script call: keeps one call below a few milliseconds. */
const BATCH = 100;
/** What `settle_plain` takes for "no occurrence is to follow". */
const NOTHING_FOLLOWS = ["", "", ""] as const;

/** The arguments of a job whose next occurrence is to follow. */
type Following = readonly string[];
type Item = { readonly run: readonly string[] } | { readonly following: Following };

/** Ends plain runs, and keeps the next occurrences of their jobs waiting, many in one script call; see `plain.lua`. */
export class PlainRuns {
  readonly #calls: Batcher<Item, number>;
  /** By queue job: if its run ends at once, both travel as one. */
  readonly #following = new Map<string, Following>();
  readonly #onError: (error: unknown) => void;
  #isArmed = false;

  constructor(scripts: ScriptRunner, onError: (error: unknown) => void) {
    this.#onError = onError;
    this.#calls = new Batcher((items) => send(scripts, items), BATCH);
  }

  /** @param id Of the queue job whose run began. */
  follow(id: string, { jobId, sequence, fireAt }: WakeUpId, next: Occurrence): void {
    const nextId = wakeUpId({ jobId, kind: "occurrence", sequence, fireAt: next.fireAt });
    const following = [jobId, id, `${fireAt}`, nextId, `${next.fireAt}`, `${next.dueAt}`];
    this.#following.set(id, following);
    if (this.#isArmed) return;
    this.#isArmed = true;
    void nextTurn().then(() => this.#sendFollowing());
  }

  /** @returns `undefined` if the run can't be ended in short: ask `settle`. */
  async settle(request: SettleRequest): Promise<Settlement | undefined> {
    const { begun, lock, start, verdict } = request;
    if (!begun || !lock || start !== begun.start || verdict !== "succeeded") return undefined;
    const { queueJobId } = request;
    const following = this.#following.get(queueJobId)?.slice(3) ?? NOTHING_FOLLOWS;
    this.#following.delete(queueJobId);
    const answer = await this.#calls.add({ run: [...encode(request, begun, lock), ...following] });
    if (answer === 0) return undefined;
    return { now: begun.startedAt, outcome: "settled", endedQueueJob: answer === 2 };
  }

  #sendFollowing(): void {
    this.#isArmed = false;
    for (const following of this.#following.values()) {
      // Not done again: the next admission of the job keeps its occurrences waiting, and the reconciler looks after that.
      this.#calls.add({ following }).catch(this.#onError);
    }
    this.#following.clear();
  }
}

function encode(request: SettleRequest, run: AdmittedRun, lock: string): string[] {
  const { jobId, queueJobId, worker, resultJson: result, retention, verdict } = request;
  const { runId: id, kind, fireAt, dueAt, startedAt, attempt } = run;
  const finishedAt = startedAt + Math.max(0, Math.round(request.durationMs));
  const row = { id, state: verdict, kind, fireAt, dueAt, startedAt, finishedAt, attempt, worker };
  const event = { name: "JOB_EXECUTED", jobId, runId: id, fireAt, attempt, worker };
  return [
    jobId,
    queueJobId,
    `${fireAt}`,
    lock,
    `${verdict} ${fireAt} ${startedAt} ${finishedAt}`,
    `${finishedAt}`,
    result ?? "",
    toJson(result === undefined ? row : { ...row, result }),
    `,${toJson(result === undefined ? event : { ...event, result }).slice(1)}`,
    `${retention.count}`,
    `${retention.ageMs}`,
  ];
}

async function send(scripts: ScriptRunner, items: readonly Item[]): Promise<number[]> {
  const runs = items.flatMap((item) => ("run" in item ? [item.run] : []));
  const following = items.flatMap((item) => ("following" in item ? item.following : []));
  const more = [...runs.flat(), ...following];
  const answers = (await scripts.run("settle_plain", { runs: runs.length }, more)) as number[];
  let at = 0;
  return items.map((item) => ("run" in item ? (answers[at++] ?? 0) : 1));
}
