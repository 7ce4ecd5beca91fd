import { CronduitError } from "../core/errors.ts";
import type { JobDefinition } from "../jobs/definition.ts";
import { CODE_SOURCE } from "../jobs/job-list.ts";

/** Whether jobs of this source are declared in files. */
function isOfFiles(source: string | undefined): source is string {
  return source?.startsWith("file:") === true;
}

/** Who declares the jobs of a source, as people say it. */
export function sourceInWords(source: string = CODE_SOURCE): string {
  if (source === CODE_SOURCE) return "code";
  return source === "api" ? "the API" : `the files of source "${source.slice("file:".length)}"`;
}

/**
 * Files declare only jobs of their own: a job of code, of the API or of other files with the same id is a mistake.
 * @throws {@link CronduitError} `CONFLICTING_ID`
 */
export function refuseTakeOver(
  stored: Pick<JobDefinition, "id" | "source">,
  fresh: Pick<JobDefinition, "source">,
): void {
  if (!isOfFiles(fresh.source) || stored.source === fresh.source) return;
  throw new CronduitError(
    "CONFLICTING_ID",
    `Job "${stored.id}" is declared by ${sourceInWords(stored.source)} already, and ${sourceInWords(fresh.source)} can't take it over. Give one of them another id.`,
    { data: { jobId: stored.id, source: stored.source ?? CODE_SOURCE } },
  );
}
