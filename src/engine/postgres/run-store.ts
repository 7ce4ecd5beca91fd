import type {
  BackfillPlan,
  BackfillState,
  LogLine,
  LogPage,
  LogQuery,
  LogWrite,
  RunHold,
  StepRecord,
} from "../port/engine.ts";
import { decodeSteps, encodeLogs, encodeStep } from "../codec/steps-and-logs.ts";
import { readEach, type Tell } from "../codec/readable.ts";
import type { FunctionCaller } from "./functions.ts";

/** What runs leave behind while they are executed: steps and logs. */
export class RunStore {
  readonly #functions: FunctionCaller;
  readonly #tell: Tell;

  constructor(functions: FunctionCaller, tell: Tell) {
    this.#functions = functions;
    this.#tell = tell;
  }

  async saveStep(hold: RunHold, step: StepRecord): Promise<"saved" | "fenced" | "too-many"> {
    const answer = await this.#functions.run("save_step", encodeStep(hold, step));
    return answer === '"saved"' ? "saved" : answer === '"too-many"' ? "too-many" : "fenced";
  }

  async steps(runId: string): Promise<StepRecord[]> {
    const records = await this.#functions.read<string[]>("read_steps($1)", [runId]);
    return decodeSteps(records, this.#tell);
  }

  async appendLogs(writes: readonly LogWrite[]): Promise<void> {
    if (writes.length > 0) await this.#functions.run("append_logs", encodeLogs(writes));
  }

  async logs({ runId, after, limit }: LogQuery): Promise<LogPage> {
    const from = after === undefined ? 0 : Number(after);
    if (!Number.isSafeInteger(from) || from < 0) return { lines: [], cursor: after };
    const rows = await this.#functions.read<[number, string][]>(
      "read_logs($1, $2::bigint, $3::integer)",
      [runId, from, limit],
    );
    const last = rows.at(-1);
    return {
      lines: readEach(rows, "line of a log", ([, text]) => JSON.parse(text) as LogLine, this.#tell),
      cursor: last ? String(last[0]) : after,
    };
  }

  async addBackfill(plan: BackfillPlan): Promise<"added" | "conflict" | "missing"> {
    const answer = await this.#functions.run("add_backfill", plan);
    return answer === '"added"' ? "added" : answer === '"conflict"' ? "conflict" : "missing";
  }

  async changeBackfill(
    jobId: string,
    change: "pause" | "resume" | "cancel",
  ): Promise<"changed" | "missing"> {
    const answer = await this.#functions.run("change_backfill", { jobId, change });
    return answer === '"changed"' ? "changed" : "missing";
  }

  async backfill(jobId: string): Promise<BackfillState | undefined> {
    const state = await this.#functions.read<BackfillState | null>("read_backfill($1)", [jobId]);
    return state ?? undefined;
  }

  async deleteLogs(jobId: string, before: number): Promise<number> {
    return Number(await this.#functions.run("delete_logs", { jobId, before: Math.trunc(before) }));
  }
}
