import { z } from "zod";
import type { EpochMs } from "../../core/clock.ts";
import { triggerOptionShapes } from "../option-shapes.ts";
import type { DstRule } from "../spec.ts";

/** What a trigger's meaning may depend on. */
export interface ResolveContext {
  /** The instant at which it is added. */
  readonly now: EpochMs;
  /** IANA name used where the options name none. */
  readonly timezone: string;
  /** Fixes the values of `H`. */
  readonly jobId: string;
  /** Rule used where the options give none. @default "once"; for calendar intervals "wall-clock" */
  readonly dst?: DstRule;
}

/** Validates the options that every kind has. */
const commonSchema = z.strictObject(triggerOptionShapes.common);

/** Common options after validation. */
export type CommonOutput = z.output<typeof commonSchema>;
