import { z } from "zod";
import { timeSchema } from "./definition-schema.ts";
import { isDocumentKey, MAX_DOCUMENT_BYTES, MAX_KEY_CHARS } from "./document-limits.ts";

/** Validates a document in an exported state. */
export const documentRecordSchema = z.strictObject({
  kind: z.literal("document"),
  key: z
    .string()
    .max(MAX_KEY_CHARS)
    .refine(isDocumentKey, { message: "has characters that no key may have" }),
  value: z
    .unknown()
    .refine(
      (value) =>
        value !== undefined && Buffer.byteLength(JSON.stringify(value)) <= MAX_DOCUMENT_BYTES,
      {
        message: `has more than ${MAX_DOCUMENT_BYTES} bytes, or is missing`,
      },
    ),
  expiresAt: timeSchema.exactOptional(),
});
