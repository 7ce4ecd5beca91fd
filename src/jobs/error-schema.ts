import { z } from "zod";
import type { ErrorCause, StoredError } from "../core/stored-error.ts";

const errorShape = {
  name: z.string().max(1_000),
  message: z.string().max(100_000),
  code: z.string().max(1_000).exactOptional(),
};
const causeSchema: z.ZodType<ErrorCause> = z.strictObject({
  ...errorShape,
  get cause() {
    return causeSchema.exactOptional();
  },
  get errors() {
    return z.array(causeSchema).max(1_000).exactOptional();
  },
});
/** Validates the stored error of a run. */
export const errorSchema: z.ZodType<StoredError> = z.strictObject({
  ...errorShape,
  stack: z.string().max(100_000).exactOptional(),
  reason: z.string().max(100_000).exactOptional(),
  cause: causeSchema.exactOptional(),
  errors: z.array(causeSchema).max(1_000).exactOptional(),
});
