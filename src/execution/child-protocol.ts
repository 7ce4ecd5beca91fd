import { z } from "zod";
import type { EpochMs } from "../core/clock.ts";
import type { StepRecord } from "../engine/port/steps.ts";
import type { SecretPlaces } from "../pipeline/secrets/secret-places.ts";
import type { ErrorCause } from "../core/stored-error.ts";
import type { PipelineSource } from "../pipeline/pipeline-definition.ts";
import type { AttemptInfo } from "./attempt-host.ts";

/** Where the child finds the pipe whose end tells that its worker is gone. */
export const LIFE_LINE_FD = 4;

/** A value that is the same in another process, or why it would not be. */
export type SentParams = { readonly value: unknown } | { readonly problem: string };

/** What a worker tells a child process. */
export type ToChild =
  | {
      readonly cronduit: "start";
      readonly info: AttemptInfo;
      readonly source: PipelineSource;
      /** The class may have been registered under another name than its own. */
      readonly className: string;
      /** What the schema made of the params, for pipelines that have none with them; or why that can't be sent. */
      readonly output: SentParams;
      /** Where the params are secret. */
      readonly secrets: SecretPlaces | undefined;
      /** The server's clock minus this machine's. */
      readonly serverAheadMs: EpochMs;
    }
  | { readonly cronduit: "abort"; readonly code: string; readonly message: string }
  | { readonly cronduit: "answer"; readonly id: number; readonly value: unknown }
  | {
      readonly cronduit: "refusal";
      readonly id: number;
      readonly code: string;
      readonly message: string;
    };

const MAX_TEXT = 600_000;
const time = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const errorShape = {
  name: z.string().max(200),
  message: z.string().max(4_000),
  code: z.string().max(200).optional(),
};
const errorCause: z.ZodType<ErrorCause, ErrorCause> = z.object({
  ...errorShape,
  get cause() {
    return errorCause.optional();
  },
  get errors() {
    return z.array(errorCause).max(20).readonly().optional();
  },
});
const error = z.object({
  ...errorShape,
  stack: z.string().max(16_000).optional(),
  reason: z.string().max(16_000).optional(),
  cause: errorCause.optional(),
  errors: z.array(errorCause).max(20).readonly().optional(),
});

const step = z.object({
  name: z.string().min(1).max(140),
  kind: z.enum(["step", "sleep", "progress"]),
  startedAt: time,
  finishedAt: time,
  tries: z.int().min(1).max(1_000),
  attempt: z.int(),
  resultJson: z.string().max(MAX_TEXT).optional(),
  error: error.optional(),
}) satisfies z.ZodType<StepRecord>;

/**
 * What a child process tells its worker. It runs code that may do as it likes, also send messages of its own: what has
 * another shape is none of ours.
 */
export const fromChildSchema = z.discriminatedUnion("cronduit", [
  z.object({
    cronduit: z.literal("log"),
    level: z.enum(["debug", "info", "warn", "error", "output"]),
    message: z.string().max(MAX_TEXT),
    fields: z.record(z.string(), z.unknown()).optional(),
  }),
  z.object({ cronduit: z.literal("readSteps"), id: z.int() }),
  z.object({ cronduit: z.literal("saveStep"), id: z.int(), step }),
  z.object({
    cronduit: z.literal("end"),
    end: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("succeeded"), resultJson: z.string().max(MAX_TEXT).optional() }),
      z.object({
        kind: z.literal("failed"),
        resultJson: z.string().max(MAX_TEXT).optional(),
        error,
        mayRetry: z.boolean(),
      }),
      z.object({ kind: z.literal("sleeping"), until: time }),
    ]),
  }),
]);

/** What a child process tells its worker. */
export type FromChild = z.input<typeof fromChildSchema>;
