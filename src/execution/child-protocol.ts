import { z } from "zod";
import type { EpochMs } from "../core/clock.ts";
import type { StepRecord } from "../engine/port/steps.ts";
import type { SecretPlaces } from "../pipeline/secrets/secret-places.ts";
import type { ErrorCause } from "../core/stored-error.ts";
import type { PipelineSource } from "../pipeline/pipeline-definition.ts";
import type { AttemptInfo } from "./attempt-host.ts";

/** The descriptor of the pipe that closes when the worker is gone. */
export const LIFE_LINE_FD = 4;

/** A value that survives the transfer to another process, or why it doesn't. */
export type SentParams = { readonly value: unknown } | { readonly problem: string };

/** A worker's messages to a child process. */
export type ToChild =
  | {
      readonly cronduit: "start";
      readonly info: AttemptInfo;
      readonly source: PipelineSource;
      /** The class may be registered under a name other than its own. */
      readonly className: string;
      /** The parsed params, for pipelines that don't carry their schema; or why they can't be sent. */
      readonly output: SentParams;
      /** The paths of secrets in the params. */
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
 * A child process's messages to its worker. It runs arbitrary code that may send messages, too: those of another shape
 * aren't ours.
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

/** A child process's messages to its worker. */
export type FromChild = z.input<typeof fromChildSchema>;
