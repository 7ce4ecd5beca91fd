import { z } from "zod";
import { jobFactsSchema } from "../conditions/facts.ts";
import {
  definitionSchema,
  groupKeySchema,
  pipelineSchema,
  timeSchema,
} from "./definition-schema.ts";
import { actorSchema } from "./actor.ts";
import { documentRecordSchema } from "./document-record.ts";
import { errorSchema } from "./error-schema.ts";
import { jobIdSchema } from "./options.ts";
import { ownerSchema } from "./owner.ts";
import { queueNameSchema } from "./queue.ts";
import { revisionRecordSchema } from "./revision-record.ts";
import type { LastRun, LastScheduledRun, LedgerRow } from "./ledger-row.ts";
import { skipSchema } from "./skip-schema.ts";
import { MAX_SKIPS } from "./stored-skip.ts";
import { SKIP_REASONS, VERDICTS } from "./verdict.ts";

/** PostgreSQL keeps counts in 32 bits. */
const countSchema = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const runIdSchema = z.string().min(1).max(1_000);
const nameSchema = z.string().max(1_000);
const kindSchema = z.enum(["scheduled", "manual", "backfill"]);
const countsSchema = z.partialRecord(z.enum(VERDICTS), z.int().min(0));
const lastScheduledRunShape = {
  id: runIdSchema,
  verdict: z.enum(VERDICTS),
  fireAt: timeSchema,
  startedAt: timeSchema,
  finishedAt: timeSchema,
} satisfies Record<keyof LastScheduledRun, z.ZodType>;
const lastRunSchema: z.ZodType<LastRun> = z.strictObject({
  ...lastScheduledRunShape,
  result: z.unknown().exactOptional(),
} satisfies Record<keyof LastRun, z.ZodType>);

const queuedSchema = z.strictObject({
  id: runIdSchema,
  kind: z.enum(["scheduled", "manual"]),
  fireAt: timeSchema,
  dueAt: timeSchema,
  /** The first occurrence that the run will stand for, and how many. */
  fromAt: timeSchema,
  count: countSchema.min(1),
  params: z.unknown().exactOptional(),
  ignoreCondition: z.literal(true).exactOptional(),
  /** Who asked for it. */
  by: actorSchema.exactOptional(),
  /** Set if it waits for its condition: the end of the wait. */
  waitUntil: timeSchema.exactOptional(),
});

const unfinishedRunSchema = z.strictObject({
  queueJobId: runIdSchema,
  id: runIdSchema,
  kind: kindSchema,
  pipeline: pipelineSchema,
  fireAt: timeSchema,
  dueAt: timeSchema,
  fromAt: timeSchema,
  count: countSchema.min(1),
  /** When its last start and its last attempt began; an attempt that resumes after a sleep has several starts. */
  startedAt: timeSchema,
  attemptAt: timeSchema,
  start: countSchema.min(1),
  attempt: countSchema.min(1),
  failures: countSchema,
  crashes: countSchema,
  /**
   * Whether its worker gave it back. If not, and if it isn't suspended, the next attempt counts as one after a crash.
   */
  isHandedBack: z.boolean(),
  worker: nameSchema,
  /** The concurrency group that it counts towards. */
  group: groupKeySchema.exactOptional(),
  /** Set if it will resume by itself. */
  suspended: z
    .strictObject({
      kind: z.enum(["retry", "sleep"]),
      until: timeSchema,
      error: errorSchema.exactOptional(),
    })
    .exactOptional(),
  /** Set if its cancellation was requested: the reason. */
  cancel: z.string().max(100_000).exactOptional(),
  /** Who requested that. */
  cancelledBy: actorSchema.exactOptional(),
  /** The job's owner when it started. */
  owner: ownerSchema.exactOptional(),
  /** Who asked for a manual run. */
  by: actorSchema.exactOptional(),
  params: z.unknown().exactOptional(),
});

const backfillSchema = z.strictObject({
  backfillId: runIdSchema,
  state: z.enum(["adding", "active", "paused", "finished", "cancelled"]),
  total: countSchema,
  concurrency: countSchema.min(1),
  order: z.enum(["oldest", "latest"]),
  verdicts: countsSchema,
  createdAt: timeSchema,
  /** When fire times were last added. */
  touchedAt: timeSchema,
  /** Fire times whose runs have not begun, oldest first. */
  fireTimes: z.array(timeSchema.min(0)),
});

const jobRecordSchema = z.strictObject({
  kind: z.literal("job"),
  definition: definitionSchema,
  state: z.enum(["active", "paused", "finished"]),
  watermark: timeSchema,
  pausedAt: timeSchema.nullable(),
  pausedReason: nameSchema.nullable(),
  pausedUntil: timeSchema.exactOptional(),
  finishedAt: timeSchema.nullable(),
  counts: countsSchema,
  lastRun: lastRunSchema.nullable(),
  /** The last run that the schedule started. */
  lastScheduledRun: z.strictObject(lastScheduledRunShape).nullable(),
  lastSuccessAt: timeSchema.nullable(),
  successStreak: countSchema,
  failuresInARow: countSchema,
  /** Runs that wait for an instance, for their condition or for their group. */
  queued: z.array(queuedSchema),
  runs: z.array(unfinishedRunSchema),
  /** The job's last backfill. */
  backfill: backfillSchema.nullable(),
  /** Fire times that it skips on request; absent in states of versions that could not. */
  skips: z.array(skipSchema).max(MAX_SKIPS).exactOptional(),
  /** Rows of earlier fire times were deleted on request. */
  cleanedTo: timeSchema.exactOptional(),
  /** When it got its owner, if it had another before, and its counts by then. */
  handedOver: z.strictObject({ at: timeSchema, counts: countsSchema }).exactOptional(),
});

const removedJobRecordSchema = z.strictObject({
  kind: z.literal("removed-job"),
  jobId: jobIdSchema,
  /** Absent for the default queue. */
  queue: queueNameSchema.exactOptional(),
  /** Until when its ledger is kept; `null` if it has none. */
  keepUntil: timeSchema.nullable(),
  runs: z.array(unfinishedRunSchema),
  /** Rows of earlier fire times were deleted on request. */
  cleanedTo: timeSchema.exactOptional(),
});

const requestRecordSchema = z.strictObject({
  kind: z.literal("request"),
  jobId: jobIdSchema,
  runId: runIdSchema,
  fireAt: timeSchema,
  params: z.unknown().exactOptional(),
  ignoreCondition: z.literal(true).exactOptional(),
  by: actorSchema.exactOptional(),
});

const stepSchema = z.strictObject({
  name: z.string().min(1).max(1_000),
  kind: z.enum(["step", "sleep", "progress"]),
  startedAt: timeSchema,
  finishedAt: timeSchema,
  tries: countSchema,
  attempt: countSchema,
  resultJson: z.string().exactOptional(),
  error: errorSchema.exactOptional(),
  shown: z
    .strictObject({
      name: z.string().max(2_000).exactOptional(),
      resultJson: z.string().exactOptional(),
    })
    .exactOptional(),
});

const stepRecordSchema = z.strictObject({
  kind: z.literal("step"),
  jobId: jobIdSchema,
  runId: runIdSchema,
  step: stepSchema,
});

const ledgerRowSchema: z.ZodType<LedgerRow> = z.strictObject({
  id: runIdSchema,
  state: z.enum(VERDICTS),
  kind: kindSchema,
  owner: ownerSchema.exactOptional(),
  by: actorSchema.exactOptional(),
  cancelledBy: actorSchema.exactOptional(),
  fireAt: timeSchema,
  dueAt: timeSchema,
  fromAt: timeSchema.exactOptional(),
  count: countSchema.min(1).exactOptional(),
  decidedAt: timeSchema.exactOptional(),
  startedAt: timeSchema.exactOptional(),
  finishedAt: timeSchema.exactOptional(),
  attempt: countSchema.exactOptional(),
  worker: nameSchema.exactOptional(),
  reason: z.enum(SKIP_REASONS).exactOptional(),
  coalescedInto: runIdSchema.exactOptional(),
  result: z.unknown().exactOptional(),
  facts: z.record(z.string().min(1).max(1_000), jobFactsSchema.nullable()).exactOptional(),
  error: errorSchema.exactOptional(),
  note: nameSchema.exactOptional(),
  // Only waiting runs have `waitUntil`, and those have no row.
} satisfies Record<Exclude<keyof LedgerRow, "waitUntil">, z.ZodType>);

const ledgerRecordSchema = z.strictObject({
  kind: z.literal("ledger"),
  jobId: jobIdSchema,
  row: ledgerRowSchema,
});

const logRecordSchema = z.strictObject({
  kind: z.literal("log"),
  jobId: jobIdSchema,
  runId: runIdSchema,
  /** Some lines of the run's log, after those of the records before. */
  lines: z
    .array(
      z.strictObject({
        at: timeSchema,
        level: z.enum(["debug", "info", "warn", "error", "output"]),
        message: z.string(),
        attempt: countSchema,
        fields: z.record(z.string(), z.unknown()).exactOptional(),
      }),
    )
    .min(1),
});

const endRecordSchema = z.strictObject({
  kind: z.literal("end"),
  counts: z.strictObject({
    job: z.int().min(0),
    "removed-job": z.int().min(0),
    request: z.int().min(0),
    step: z.int().min(0),
    ledger: z.int().min(0),
    log: z.int().min(0),
    revision: z.int().min(0).default(0),
    document: z.int().min(0).default(0),
  }),
});

/**
 * Validates a line of an exported state, but for its header. Each job or removed job is followed by its requests, the steps of
 * its runs, its ledger, the logs of its runs and its changes, oldest first, before the next job. Documents come last.
 */
export const stateRecordSchema = z.discriminatedUnion("kind", [
  jobRecordSchema,
  removedJobRecordSchema,
  requestRecordSchema,
  stepRecordSchema,
  ledgerRecordSchema,
  logRecordSchema,
  revisionRecordSchema,
  documentRecordSchema,
  endRecordSchema,
]);

/** A line of an exported state, but for its header. */
export type StateRecord = z.output<typeof stateRecordSchema>;
/** A job with everything that is kept beside it, except its ledger. */
export type JobRecord = z.output<typeof jobRecordSchema>;
/** A removed job whose ledger or runs still exist. */
export type RemovedJobRecord = z.output<typeof removedJobRecordSchema>;
/** A manually requested run that no worker has started. */
export type RequestRecord = z.output<typeof requestRecordSchema>;
/** A step of a run. */
export type RunStepRecord = z.output<typeof stepRecordSchema>;
/** A row of the ledger. */
export type LedgerRecord = z.output<typeof ledgerRecordSchema>;
/** A part of the log of a run. */
export type LogRecord = z.output<typeof logRecordSchema>;
/** A change of a job. */
export type RevisionRecord = z.output<typeof revisionRecordSchema>;
/** What the fleet keeps beside its jobs. */
export type DocumentRecord = z.output<typeof documentRecordSchema>;
/** A run that was admitted and has no verdict, but is not being executed: another attempt will follow. */
export type UnfinishedRun = z.output<typeof unfinishedRunSchema>;
/** A run that was decided to start, and is waiting. */
export type QueuedRun = z.output<typeof queuedSchema>;
/** A job's last backfill, with the part that has not begun. */
export type MovedBackfill = z.output<typeof backfillSchema>;
/** How many lines of each kind there are. */
export type StateCounts = z.output<typeof endRecordSchema>["counts"];

/** The counts of a state without lines. */
export function noCounts(): StateCounts {
  return {
    job: 0,
    "removed-job": 0,
    request: 0,
    step: 0,
    ledger: 0,
    log: 0,
    revision: 0,
    document: 0,
  };
}
