import { z } from "zod";
import { jobIdSchema } from "./options.ts";

/** The version of the lines of an exported state; readers reject newer ones. */
export const STATE_VERSION = 1;

/**
 * What an export can mask. `descriptions`: descriptions, tags, and reasons that people gave. `ids`: the ids of jobs and
 * groups.
 */
export const MASKED_PARTS = [
  "params",
  "results",
  "steps",
  "errors",
  "logs",
  "descriptions",
  "ids",
] as const;
/** A part of a state that an export can mask. */
export type MaskedPart = (typeof MASKED_PARTS)[number];

/** Validates the first line of an exported state. */
export const stateHeaderSchema = z.strictObject({
  cronduit: z.literal("state"),
  version: z.int().min(1),
  exportedAt: z.iso.datetime(),
  from: z.string().max(1_000),
  /** No generation, revision or sequence number in the state is higher. */
  sequence: z.int().min(0).max(1e15),
  /** A fixture for tests: secrets are masked, and these parts; a later version may have parts that this one doesn't know. */
  masked: z.array(z.string().max(1_000)).exactOptional(),
  /** Not the whole fleet: only these jobs, or only the history from this time on. */
  partial: z
    .strictObject({
      jobs: z.array(jobIdSchema).exactOptional(),
      since: z.iso.datetime().exactOptional(),
    })
    .exactOptional(),
});

/** The first line of an exported state. */
export type StateHeader = z.output<typeof stateHeaderSchema>;
