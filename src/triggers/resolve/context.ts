import { z } from "zod";
import type { EpochMs } from "../../core/clock.ts";
import { triggerOptionShapes } from "../option-shapes.ts";
import type { DstRule } from "../spec.ts";

/** The context that a trigger's meaning may depend on. */
export interface ResolveContext {
  /** The instant at which the trigger is added. */
  readonly now: EpochMs;
  /** IANA name of the time zone, unless the options name one. */
  readonly timezone: string;
  /** Determines the values of `H`. */
  readonly jobId: string;
  /** The rule, unless the options name one. @default "once"; for calendar intervals "wall-clock" */
  readonly dst?: DstRule;
}

/** Validates the options that all kinds have in common. */
const commonSchema = z.strictObject(triggerOptionShapes.common);

/** Common options after validation. */
export type CommonOutput = z.output<typeof commonSchema>;
