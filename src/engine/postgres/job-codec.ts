import { compileCondition } from "../../conditions/compile.ts";
import type { JobDefinition, StoredJob } from "../../jobs/definition.ts";
import {
  type LastRun,
  lastScheduledOf,
  type LastScheduledRun,
  type LedgerRow,
} from "../../jobs/ledger-row.ts";
import {
  encodeDefinition as encodeCommon,
  type WrittenDefinition,
} from "../codec/decision-codec.ts";
import { readOne, readResult, type Tell } from "../codec/readable.ts";
import { unpack, type Written } from "../codec/stored-json.ts";

/** A definition as functions take it. They compare `policy`. */
export function encodeDefinition(definition: JobDefinition): WrittenDefinition {
  const { policy, retention } = definition;
  const { when, group } = policy;
  return {
    ...encodeCommon(definition),
    listed: encodeListed(definition),
    policy: {
      maxInstances: policy.maxInstances,
      coalesce: policy.coalesce,
      graceMs: policy.misfireGraceMs,
      maxCatchUp: policy.maxCatchUp,
      // Absent, and not `null`, which would be a JSON value.
      condition: when ? compileCondition(when.condition) : undefined,
      waitMs: when?.waitMs,
      sees: when?.sees,
      overlap: policy.overlap,
      groupKey: group?.key,
      groupLimit: group?.limit,
      pauseAfter: policy.pauseAfterFailures,
      keepCount: retention.count,
      keepAgeMs: retention.ageMs,
      owner: definition.owner,
    },
  };
}

/** What lists are filtered by. */
function encodeListed({ id, pipeline, description, owner, source, tags }: JobDefinition): object {
  return {
    owner,
    source,
    tags: tags.map(storable),
    words: wordsOf([id, pipeline, description ?? ""]),
  };
}

/** Stands between texts, so that none is found across two. */
const BETWEEN = "\u0001";

/** Texts as they are searched. */
export function wordsOf(texts: readonly string[]): string {
  return storable(texts.map((text) => text.toLowerCase()).join(BETWEEN));
}

/** A text with U+FFFD for the characters that PostgreSQL can't hold: NUL and lone surrogates. */
export function storable(text: string): string {
  return text.replaceAll("\0", "\ufffd").replaceAll(/\p{Surrogate}/gu, "\ufffd");
}

/** A job as `read_jobs` returns it. */
export interface WrittenJob extends Omit<
  StoredJob,
  "definition" | "lastRun" | "lastScheduledRun" | "skips"
> {
  readonly id: string;
  readonly definition: string;
  readonly lastRun?: LastScheduledRun & { readonly result?: string };
  readonly lastScheduledRun?: LastScheduledRun;
  readonly skips?: StoredJob["skips"];
}

/** Reads a job; the server leaves out columns without a value. */
export function decodeJob({ definition, ...job }: WrittenJob): StoredJob {
  const lastRun = job.lastRun ? decodeLastRun(job.lastRun) : null;
  return {
    revision: job.revision,
    generation: job.generation,
    state: job.state,
    watermark: job.watermark,
    running: job.running,
    counts: job.counts,
    // Written by this package and validated then; parsing by schema again would cost more than all else here.
    definition: JSON.parse(definition) as JobDefinition,
    nextFireAt: job.nextFireAt ?? null,
    nextDueAt: job.nextDueAt ?? null,
    pausedAt: job.pausedAt ?? null,
    pausedReason: job.pausedReason ?? null,
    pausedUntil: job.pausedUntil ?? null,
    lastRun,
    lastScheduledRun: lastScheduledOf(lastRun, job.lastScheduledRun ?? null),
    skips: job.skips ?? [],
    handedOver: job.handedOver ?? null,
  };
}

function decodeLastRun({ result, ...last }: NonNullable<WrittenJob["lastRun"]>): LastRun {
  return {
    ...last,
    ...(result === undefined ? {} : { result: readResult(result) }),
  };
}

/** Reads a job as `put_jobs` answers it. */
export function decodePutJob(tell: Tell): (id: string, job: WrittenJob) => StoredJob | undefined {
  return (id, job) => readOne(`definition of job "${id}"`, () => decodeJob(job), tell);
}

/** Rows of the ledger as `read_ledger` and `read_open_runs` return them. */
export function decodeRows(rows: readonly Written<LedgerRow>[]): LedgerRow[] {
  return rows.map(unpack<LedgerRow>);
}
