import type { JobRecord } from "../../jobs/state-record.ts";
import {
  cleaned,
  decodeImport,
  decodeRunning,
  decodeQueued,
  decodeRequest,
  encodeImport,
  jobRecord,
  type WrittenRunning,
  type WrittenQueued,
  type WrittenRequest,
} from "../codec/transfer-codec.ts";
import type {
  ExportedJob,
  ExportPage,
  ImportAnswer,
  ImportStep,
  TransferPort,
} from "../port/transfer.ts";
import { decodeJob, encodeDefinition, type WrittenJob } from "./job-codec.ts";
import { readEach, type Tell } from "../codec/readable.ts";
import type { PostgresLink } from "./postgres-link.ts";

/** What `export_jobs` says of a job. */
interface WrittenExport {
  readonly id: string;
  readonly job: WrittenJob | null;
  readonly beside: Pick<
    JobRecord,
    "finishedAt" | "lastSuccessAt" | "successStreak" | "failuresInARow" | "backfill"
  >;
  readonly queued: readonly WrittenQueued[];
  readonly keepUntil: number | null;
  readonly cleanedTo: number | null;
  readonly running: readonly WrittenRunning[];
  readonly requests: readonly (WrittenRequest & { readonly runId: string })[];
}

/** Export and import of one queue's state on PostgreSQL. */
export class PostgresTransfer implements TransferPort {
  readonly #link: PostgresLink;
  readonly #tell: Tell;

  constructor(link: PostgresLink, tell: Tell) {
    this.#link = link;
    this.#tell = tell;
  }

  listTaken(limit: number): Promise<string[]> {
    return this.#link.read("listTaken", "list_taken($1)", [limit]);
  }

  async exportJobs(cursor: string | undefined, limit: number): Promise<ExportPage> {
    const page = await this.#link.read<{
      cursor: string | null;
      sequence: number;
      jobs: WrittenExport[];
    }>("exportJobs", "export_jobs($1, $2)", [cursor ?? "", limit]);
    return {
      jobs: readEach(page.jobs, "job", decodeExported, this.#tell),
      cursor: page.cursor ?? undefined,
      sequence: page.sequence,
      stamp: String(page.sequence),
    };
  }

  listStepRuns(jobId: string, offset: number, limit: number): Promise<string[]> {
    const params = [jobId, offset, limit];
    return this.#link.read("listStepRuns", "list_step_runs($1, $2, $3)", params);
  }

  async importRecords(step: ImportStep): Promise<ImportAnswer> {
    const encoded = encodeImport(step, encodeDefinition);
    return decodeImport(await this.#link.run("importRecords", "import_records", encoded));
  }
}

function decodeExported(exported: WrittenExport): ExportedJob {
  const { id, job, beside, keepUntil, cleanedTo, ...written } = exported;
  const runs = written.running.map(decodeRunning);
  if (!job) {
    const owner = { kind: "removed-job", jobId: id, keepUntil, runs } as const;
    return { owner: { ...owner, ...cleaned(cleanedTo) }, requests: [] };
  }
  const queued = written.queued.map(decodeQueued);
  return {
    owner: jobRecord(decodeJob(job), { ...beside, cleanedTo, queued, runs }),
    requests: written.requests.map(({ runId, ...request }) => decodeRequest(id, runId, request)),
  };
}
