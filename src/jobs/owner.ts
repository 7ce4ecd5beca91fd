import { z } from "zod";

const OWNER = /^[\p{L}\p{N}_][\p{L}\p{N}_.@+=~-]*$/u;

/** The name of an owner: a user or a team. Without `/`, which ends it in a job's id, and without blanks. */
export const ownerSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(OWNER, "is not the name of an owner")
  .meta({
    allowed:
      "a string of 1 to 64 letters, digits and _ . @ + = ~ -, the first a letter, a digit or _",
  });
