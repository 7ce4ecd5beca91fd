import type { z } from "zod";
import type { JsonValue } from "./json.ts";

/** A pipeline's `params`: a zod schema, or nothing when any JSON is welcome. */
export type ParamsSchema = z.ZodType | undefined;

/** What `addJob` takes as params for a pipeline with this schema. */
export type ParamsInput<P extends ParamsSchema> = P extends z.ZodType
  ? z.input<P>
  : JsonValue | undefined;

/** What `run` gets as params from a pipeline with this schema. */
export type ParamsOutput<P extends ParamsSchema> = P extends z.ZodType
  ? z.output<P>
  : JsonValue | undefined;
