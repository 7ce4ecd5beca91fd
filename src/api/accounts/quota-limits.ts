import { z } from "zod";
import { durationOption } from "../../jobs/duration-option.ts";
import { ownerSchema } from "../../jobs/owner.ts";

/** How much an owner may use; `null`: as much as it likes. */
export interface QuotaLimits {
  /** How many jobs it may have. */
  readonly jobs: number | null;
  /** Milliseconds that must be between two times of a job. */
  readonly shortestIntervalMs: number | null;
  /** Occurrences of one backfill. */
  readonly backfill: number | null;
  /** Bytes of a run's log that a job may ask to keep. */
  readonly logBytes: number | null;
  /** Event streams and followed logs that are open at once, in one process. */
  readonly streams: number | null;
  /** Requests a minute, in one process. */
  readonly requestsPerMinute: number | null;
}

/** No limit at all. */
export const NO_LIMITS: QuotaLimits = {
  jobs: null,
  shortestIntervalMs: null,
  backfill: null,
  logBytes: null,
  streams: null,
  requestsPerMinute: null,
};

const countSchema = z.int().min(0).max(1_000_000_000).nullable().optional();
/** Up to 366 days, as the option. */
const msSchema = z.int().min(0).max(31_622_400_000).nullable().optional();

/** Limits as they are stored with a user. */
export const quotaRecordSchema: z.ZodType<Partial<QuotaLimits>> = z
  .strictObject({
    jobs: countSchema,
    shortestIntervalMs: msSchema,
    backfill: countSchema,
    logBytes: countSchema,
    streams: countSchema,
    requestsPerMinute: countSchema,
  })
  .transform(withoutAbsent);

const shape = {
  /** How many jobs it may have, 0 to 1,000,000,000. @default null: any number */
  jobs: countSchema,
  /** The shortest time between two runs that a schedule may have: seconds, or `"1m"`. @default null: any */
  shortestInterval: durationOption("createApi.quotas.shortestInterval").nullable().optional(),
  /** Occurrences of one backfill, 0 to 1,000,000,000. @default null: any number */
  backfill: countSchema,
  /** Bytes of a run's log that its jobs may ask to keep, 0 to 1,000,000,000. @default null: as much as the job's option allows */
  logBytes: countSchema,
  /** Event streams and followed logs open at once, in one process. @default null: any number */
  streams: countSchema,
  /** Requests a minute, in one process. @default null: as many as `limits` allow */
  requestsPerMinute: countSchema,
};

/** The option `quotas` of `createApi`: what each owner may use. Administrators have no quota. */
export const quotaOptionsSchema = z.strictObject({
  ...shape,
  /** Other limits for some owners, by name; what one leaves out is as for all. A user's own quotas come before these. */
  owners: z.record(ownerSchema, z.strictObject(shape)).default({}),
});

/** The option `quotas`, as checked. */
export type QuotaOptions = z.output<typeof quotaOptionsSchema>;

/** The limits that options set. */
export function limitsFrom({
  shortestInterval,
  ...counts
}: Partial<Omit<QuotaOptions, "owners">>): Partial<QuotaLimits> {
  return withoutAbsent({ ...counts, shortestIntervalMs: shortestInterval });
}

/** Limits without those that are not given. */
export function withoutAbsent(limits: {
  readonly [K in keyof QuotaLimits]?: QuotaLimits[K] | undefined;
}): Partial<QuotaLimits> {
  const present = Object.entries(limits).filter(([, limit]) => limit !== undefined);
  return Object.fromEntries(present);
}
