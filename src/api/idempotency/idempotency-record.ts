import { z } from "zod";

const keptSchema = z.strictObject({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  /** Absent: it is not kept. */
  body: z.string().optional(),
});

/** What is kept of a call that has an idempotency key. */
export const recordSchema = z.strictObject({
  /** Of what was asked, and with what rights. */
  digest: z.string(),
  /** Absent: the call is being made. */
  kept: keptSchema.optional(),
});

/** An answer, as it is kept. */
export type KeptAnswer = z.output<typeof keptSchema>;
