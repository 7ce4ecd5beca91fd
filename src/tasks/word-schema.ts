import { z } from "zod";

/** What a system takes as one argument or variable, at least. */
export const MAX_WORD = 131_072;

/** A text that the system can pass to a program. */
export function wordSchema(max: number = MAX_WORD): z.ZodString {
  return z
    .string()
    .max(max)
    .refine((word) => !word.includes("\0"), "holds NUL, which no program can be given");
}
