import { z } from "zod";

/** Characters of the reason that somebody gives for a pause, a skip, a cancellation, or of the note of an actor. */
export const MAX_REASON = 500;

/**
 * Whatever moves the cursor of a terminal, breaks a line of a log, turns the direction of what follows, or can't be stored:
 * control characters, line and paragraph separators, marks of direction, halves of surrogate pairs.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;

/** What people write that others read in lists and logs: a name, a note, a reason. One line. */
export function plainTextSchema(min: number, max: number): z.ZodString {
  return z
    .string()
    .min(min)
    .max(max)
    .refine(
      (text) => !UNPRINTABLE.test(text),
      "has a line break, or another character that can't be printed",
    )
    .meta({
      allowed: `a string of ${min === 0 ? "up to" : `${min} to`} ${max} characters, in one line and without control characters`,
    });
}
