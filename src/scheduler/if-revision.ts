import { CronduitError } from "../core/errors.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { z } from "zod";
import { parseOptions, revisionSchema } from "../jobs/options.ts";

/** How a call that changes a job may be limited to the job that was read. */
export interface IfRevision {
  /** Only if the job has this revision: else somebody has changed it since. @default whatever it is */
  ifRevision?: number | undefined;
}

const IF_REVISION = z.object({ ifRevision: revisionSchema });

/** Reads the option `ifRevision` among others. @throws {@link CronduitError} `INVALID_OPTION` */
export function revisionIn(options: unknown, where: string): number | undefined {
  const given = (options as IfRevision | null | undefined)?.ifRevision;
  if (given === undefined) return undefined;
  return parseOptions(IF_REVISION, { ifRevision: given }, where).ifRevision;
}

/** @throws {@link CronduitError} `REVISION_CHANGED` if a job has another revision than the one expected */
export function requireRevision(
  { definition, revision }: Pick<StoredJob, "definition" | "revision">,
  expected: number | undefined,
): void {
  if (expected !== undefined && revision !== expected)
    throw revisionChanged(definition.id, expected, revision);
}

/** @param present The job's revision; `null` if there is no such job. */
export function revisionChanged(
  jobId: string,
  expected: number | "none",
  present: number | null,
): CronduitError {
  const found = present === null ? "there is no such job" : `it has revision ${present} by now`;
  const wanted = expected === "none" ? "there was to be none" : `it was to have ${expected}`;
  return new CronduitError(
    "REVISION_CHANGED",
    `Job "${jobId}" was not changed: ${found}, and ${wanted}.`,
    {
      data: { jobId, expected, revision: present },
    },
  );
}
