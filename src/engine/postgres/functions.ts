import { createHash } from "node:crypto";
import type { EpochMs } from "../../core/clock.ts";
import { toJson } from "../codec/stored-json.ts";
import type { Database } from "./database.ts";
import { quote, type Schemas } from "./schema-name.ts";
import { sqlText } from "./sql-texts.ts";

/** The functions that change state, and the name of each one's argument. The headers of the files say the same. */
export const FUNCTION_ARGUMENT = {
  admit: "requests",
  settle: "requests",
  take_jobs: "request",
  end_jobs: "held",
  park_job: "request",
  put_jobs: "puts",
  change_job: "change",
  change_skip: "request",
  remove_job: "removal",
  request_run: "request",
  hand_back: "hold",
  note_alive: "hold",
  suspend: "request",
  cancel_run: "request",
  append_events: "events",
  hold_lease: "lease",
  audit: "request",
  tell_overdue: "overdue",
  save_step: "step",
  append_logs: "writes",
  delete_logs: "request",
  note_change: "change",
  clean_ledger: "cleanup",
  keep_partitions: "request",
  add_backfill: "plan",
  change_backfill: "request",
  add_queue: "entry",
  claim_jobs: "request",
  release_claim: "release",
  fence_job: "given_up",
  import_records: "step",
  put_document: "document",
  delete_document: "document",
  read_documents: "request",
  list_documents: "request",
} as const satisfies Record<string, string>;

/** What these share, in the order in which the files build on each other. */
export const LIBRARIES = [
  "lib",
  "scope",
  "locks",
  "events",
  "queue_jobs",
  "schedule",
  "jobs",
  "marks",
  "roll_ups",
  "running_runs",
  "ledger",
  "changes",
  "conditions",
  "queued_runs",
  "wakeups",
  "groups",
  "backfills",
  "runs",
  "skips",
  "takeover",
  "placement",
  "queueing",
  "decide",
  "documents",
] as const;

/** What is only read, by functions with arguments of their own. */
export const READERS = [
  "read",
  "list_runs",
  "export_jobs",
  "list_step_runs",
  "list_taken",
] as const;

/** The arguments that every function takes after its own. */
export const COMMON_ARGUMENTS = ["now_ms", "max_entries"] as const;

/** The name of a function. */
export type FunctionName = keyof typeof FUNCTION_ARGUMENT;

/** The SQL that installs every function, for one queue's schemas. */
export function functionsSql({ home, queue, runs }: Schemas): {
  readonly sql: string;
  readonly digest: string;
} {
  const files = [...LIBRARIES, ...Object.keys(FUNCTION_ARGUMENT), ...READERS];
  const sql = files.map((file) => sqlText(`functions/${file}`)).join("\n");
  const digest = createHash("sha1").update(sql).digest("hex");
  const installed = sql
    .replaceAll("{{bullmq_schema}}", quote(queue))
    .replaceAll("{{bullmq_queue}}", runs)
    // One counter for all queues: a job that is removed and added to another queue gets no number that it had.
    .replaceAll("{{fleet_numbers}}", `${quote(home)}.sequence_numbers`);
  return { sql: `${sqlText("drop_functions")}\n${installed}`, digest };
}

/** An answer that is one JSON text. */
export function wordOf(answer: string | null): string {
  return String(JSON.parse(answer ?? "null"));
}

/** The text of a migration, e.g. `0001_tables`. */
export function migrationSql(name: string): string {
  return sqlText(`migrations/${name}`);
}

interface Answer {
  readonly answer: string | null;
}

/** Calls the functions of one fleet. */
export class FunctionCaller {
  readonly #database: Pick<Database, "pool" | "queryWithin">;
  readonly #schema: string;
  readonly #common: () => { nowMs: EpochMs | undefined; maxEntries: number };

  /** @param common The values of {@link COMMON_ARGUMENTS}. */
  constructor(
    database: Pick<Database, "pool" | "queryWithin">,
    schemas: Schemas,
    common: () => { nowMs: EpochMs | undefined; maxEntries: number },
  ) {
    this.#database = database;
    this.#schema = quote(schemas.own);
    this.#common = common;
  }

  /**
   * Calls a function that changes state.
   * @param leftMs How long the caller still waits. @default as long as any statement may take
   * @returns JSON text, or `null`
   */
  async run(name: FunctionName, argument: unknown, leftMs?: () => number): Promise<string | null> {
    const { nowMs, maxEntries } = this.#common();
    return this.#answer(
      `${name}($1::jsonb, $2::bigint, $3::bigint)`,
      [toJson(argument), nowMs ?? null, maxEntries],
      leftMs,
    );
  }

  /** Calls a function of {@link READERS}. @param call e.g. `read_open_runs($1)` */
  async read<T>(call: string, params: readonly unknown[]): Promise<T> {
    return JSON.parse((await this.#answer(call, params)) ?? "null") as T;
  }

  async #answer(
    call: string,
    params: readonly unknown[],
    leftMs?: () => number,
  ): Promise<string | null> {
    const database = this.#database;
    const text = `SELECT (${this.#schema}.${call})::text AS answer`;
    const { rows } = await (leftMs && database.queryWithin
      ? database.queryWithin<Answer>(leftMs, text, params)
      : database.pool.query<Answer>(text, params));
    return rows[0]?.answer ?? null;
  }
}
