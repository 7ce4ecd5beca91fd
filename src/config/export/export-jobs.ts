import type { Engine } from "../../engine/port/engine.ts";
import { secretsOf } from "../../history/secrets-of-job.ts";
import type { PipelineRegistry } from "../../pipeline/registry.ts";
import { jobFields } from "./job-fields.ts";
import { type ExportForm, isPrintable, printJob } from "./job-text.ts";

/** Jobs looked at for a page. */
const MOST_LOOKED = 20_000;

/** Which jobs are to be written, and how. */
export interface ExportQuery {
  readonly form: ExportForm;
  /** Only those of this source. */
  readonly source?: string | undefined;
  /** The id of the job before the page. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** A job as the text of a file. */
export interface WrittenJobFile {
  readonly jobId: string;
  readonly text: string;
  readonly notes: readonly string[];
  /** Whether the text declares the same job. */
  readonly isExact: boolean;
}

/** What jobs are read and their secrets found with. */
export interface ExportSources {
  readonly engine: Pick<Engine, "jobs">;
  /** Knows the present schemas: what was no secret when it was stored may have become one. */
  readonly registry: Pick<PipelineRegistry, "get">;
}

/** Writes stored jobs as files, in the order of their ids. */
export async function exportJobs(
  { engine: { jobs }, registry }: ExportSources,
  { form, source, after, limit }: ExportQuery,
): Promise<{ readonly items: readonly WrittenJobFile[]; readonly next: string | undefined }> {
  const filter = source === undefined ? {} : { sources: [source] };
  const place = after === undefined ? {} : { after: { id: after, dueAt: 0 } };
  const query = { filter, order: "id", limit, mostLooked: MOST_LOOKED, ...place } as const;
  const page = await jobs.list(query, "all");
  const stored = page.found.length === 0 ? [] : await jobs.get(page.found.map(({ id }) => id));
  const items = stored.flatMap((job) => {
    if (!job) return [];
    const exported = jobFields(job, secretsOf(registry, [job.definition]));
    const { id: jobId, notes } = exported;
    return [{ jobId, text: printJob(exported, form), notes, isExact: isPrintable(exported, form) }];
  });
  return { items, next: page.next?.id };
}
