import { z } from "zod";
import type { PipelineScheduler } from "../scheduler/pipeline-scheduler.ts";

/** How large requests may be. */
export const limitsSchema = z.strictObject({
  /** Bytes of a body, 1 KiB to 16 MiB. @default 1048576 */
  bodyBytes: z.int().min(1_024).max(16_777_216).default(1_048_576),
  /** Levels of objects and lists within each other in a body, 4 to 1,000. @default 32 */
  bodyDepth: z.int().min(4).max(1_000).default(32),
  /** Characters of a URL, 256 to 65,536. @default 8192 */
  urlLength: z.int().min(256).max(65_536).default(8_192),
});

/** Options of `createApi` but the scheduler. */
export const apiOptionsSchema = z.strictObject({
  /** The path that all routes are below, without a slash at its end; `""`: none. @default "/api" */
  basePath: z
    .string()
    .max(200)
    .regex(/^(?:\/[\w.~-]+)*$/, 'must be like "/api", or "" for none')
    .default("/api"),
  limits: limitsSchema.prefault({}),
});

/** Options of `createApi`. */
export interface ApiOptions extends z.input<typeof apiOptionsSchema> {
  /** Whose jobs the API serves: a `PipelineScheduler`, not what `as` returned. */
  readonly scheduler: PipelineScheduler;
}

/** Options as they were checked. */
export type ApiSettings = z.output<typeof apiOptionsSchema>;
