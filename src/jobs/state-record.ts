import { z } from "zod";
import { calendarSpecSchema } from "../triggers/calendars/calendar-spec.ts";
import { jitterSchema } from "../triggers/jitter.ts";
import { triggerSpecSchema } from "../triggers/spec.ts";
import type { JobDefinition } from "./definition.ts";
import { jobIdSchema } from "./options.ts";
import type { LastRun, LedgerRow } from "./run.ts";
import { SKIP_REASONS, VERDICTS } from "./verdict.ts";

/** The version of the records below; a reader refuses those that are newer. */
export const STATE_VERSION = 1;

/** What a JavaScript date can hold. */
const timeSchema = z.int().min(-8.64e15).max(8.64e15);
/** Postgres keeps counts in 32 bits. */
const countSchema = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const sequenceSchema = z.int().min(0).max(1e15);
const runIdSchema = z.string().min(1).max(1_000);
const nameSchema = z.string().max(1_000);
const digestSchema = z.string().min(1).max(64);
const pipelineSchema = z.string().min(1).max(200);
const kindSchema = z.enum(["scheduled", "manual"]);

const definitionSchema: z.ZodType<JobDefinition> = z.strictObject({
  id: jobIdSchema,
  pipeline: pipelineSchema,
  description: z.string().max(1_000).exactOptional(),
  tags: z.array(z.string().min(1).max(64)).max(32),
  params: z.unknown().refine((params) => params !== undefined, "is missing"),
  timezone: z.string().min(1).max(64),
  trigger: triggerSpecSchema,
  calendars: z.record(z.string().min(1).max(200), calendarSpecSchema).exactOptional(),
  jitter: jitterSchema.nullable(),
  firstRunAt: timeSchema.nullable(),
  policy: z.strictObject({
    maxInstances: z.int().min(1).max(10_000),
    coalesce: z.boolean(),
    misfireGraceMs: z.int().min(0).nullable(),
    maxCatchUp: z.int().min(1).max(10_000),
  }),
  retention: z.strictObject({ count: z.int().min(1).max(1_000_000), ageMs: z.int().min(0) }),
  createdAt: timeSchema,
  declared: z.strictObject({ all: digestSchema, schedule: digestSchema }),
  // A field that is added to definitions and forgotten here would make exported jobs unreadable.
} satisfies Record<keyof JobDefinition, z.ZodType>);

const lastRunSchema: z.ZodType<LastRun> = z.strictObject({
  id: runIdSchema,
  verdict: z.enum(VERDICTS),
  fireAt: timeSchema,
  startedAt: timeSchema,
  finishedAt: timeSchema,
  result: z.unknown().exactOptional(),
} satisfies Record<keyof LastRun, z.ZodType>);

const queuedSchema = z.strictObject({
  fireAt: timeSchema,
  dueAt: timeSchema,
  generation: sequenceSchema,
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
  startedAt: timeSchema,
  attempt: countSchema.min(1),
  crashes: countSchema,
  /** Whether its worker gave it back; if not, the next attempt counts as one after a crash. */
  isHandedBack: z.boolean(),
  worker: nameSchema,
  params: z.unknown().exactOptional(),
});

const jobRecordSchema = z.strictObject({
  kind: z.literal("job"),
  definition: definitionSchema,
  state: z.enum(["active", "paused", "finished"]),
  watermark: timeSchema,
  pausedAt: timeSchema.nullable(),
  pausedReason: nameSchema.nullable(),
  finishedAt: timeSchema.nullable(),
  counts: z.partialRecord(z.enum(VERDICTS), z.int().min(0)),
  lastRun: lastRunSchema.nullable(),
  lastSuccessAt: timeSchema.nullable(),
  failuresInARow: countSchema,
  /** Without `coalesce`: occurrences that were claimed and wait for an instance. */
  queued: z.array(queuedSchema),
  runs: z.array(unfinishedRunSchema),
});

const removedJobRecordSchema = z.strictObject({
  kind: z.literal("removed-job"),
  jobId: jobIdSchema,
  /** Until when its ledger is kept; `null` if it has none. */
  keepUntil: timeSchema.nullable(),
  runs: z.array(unfinishedRunSchema),
});

const requestRecordSchema = z.strictObject({
  kind: z.literal("request"),
  jobId: jobIdSchema,
  runId: runIdSchema,
  fireAt: timeSchema,
  params: z.unknown().exactOptional(),
});

const ledgerRowSchema: z.ZodType<LedgerRow> = z.strictObject({
  id: runIdSchema,
  state: z.enum(VERDICTS),
  kind: kindSchema,
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
  error: z
    .strictObject({
      name: nameSchema,
      message: z.string().max(100_000),
      code: nameSchema.exactOptional(),
      stack: z.string().max(100_000).exactOptional(),
    })
    .exactOptional(),
} satisfies Record<keyof LedgerRow, z.ZodType>);

const ledgerRecordSchema = z.strictObject({
  kind: z.literal("ledger"),
  jobId: jobIdSchema,
  row: ledgerRowSchema,
});

const endRecordSchema = z.strictObject({
  kind: z.literal("end"),
  counts: z.strictObject({
    job: z.int().min(0),
    "removed-job": z.int().min(0),
    request: z.int().min(0),
    ledger: z.int().min(0),
  }),
});

/** Validates the first line of an exported state. */
export const stateHeaderSchema = z.strictObject({
  cronduit: z.literal("state"),
  version: z.int().min(1),
  exportedAt: z.iso.datetime(),
  from: nameSchema,
  /** No generation, revision or sequence number in what follows is higher. */
  sequence: sequenceSchema,
});

/**
 * Validates any other line. A job or a removed job comes first; its requests and its ledger follow before the next one.
 */
export const stateRecordSchema = z.discriminatedUnion("kind", [
  jobRecordSchema,
  removedJobRecordSchema,
  requestRecordSchema,
  ledgerRecordSchema,
  endRecordSchema,
]);

/** The first line of an exported state. */
export type StateHeader = z.output<typeof stateHeaderSchema>;
/** Any other line of an exported state. */
export type StateRecord = z.output<typeof stateRecordSchema>;
/** A job with all that is kept beside it but its ledger. */
export type JobRecord = z.output<typeof jobRecordSchema>;
/** A job that was removed, and whose ledger or runs are still there. */
export type RemovedJobRecord = z.output<typeof removedJobRecordSchema>;
/** A run that was asked for by hand, and that no worker has begun. */
export type RequestRecord = z.output<typeof requestRecordSchema>;
/** A row of the ledger. */
export type LedgerRecord = z.output<typeof ledgerRecordSchema>;
/** A run that was admitted, has no verdict, and is executed by nobody: another attempt is to follow. */
export type UnfinishedRun = z.output<typeof unfinishedRunSchema>;
/** How many lines of each kind there are. */
export type StateCounts = z.output<typeof endRecordSchema>["counts"];
