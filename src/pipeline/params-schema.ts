import type { z } from "zod";
import type { JsonValue } from "./json.ts";

/** A pipeline's `params`: a zod schema, or nothing if any JSON is allowed. */
export type ParamsSchema = z.ZodType | undefined;

/** What `addJob` accepts as params for a pipeline with this schema. */
export type ParamsInput<P extends ParamsSchema> = P extends z.ZodType
  ? z.input<P>
  : JsonValue | undefined;

/** What `run` receives as params in a pipeline with this schema. */
export type ParamsOutput<P extends ParamsSchema> = P extends z.ZodType
  ? z.output<P>
  : JsonValue | undefined;
