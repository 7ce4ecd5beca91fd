import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import type { DeclaredJob, Task } from "../jobs/declared-job.ts";

/** A job of an accepted set: what it takes to declare it again, and where it was declared. */
export type KeptJob = DeclaredJob;

const taskSchema: z.ZodType<Task> = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("script"),
    interpreter: z.string(),
    program: z.array(z.string()).exactOptional(),
    script: z.string(),
  }),
  z.strictObject({
    type: z.literal("command"),
    command: z.string(),
    shell: z.union([z.string(), z.literal(true)]),
    env: z.record(z.string(), z.string()).exactOptional(),
    stdin: z.string().exactOptional(),
    user: z.string().exactOptional(),
  }),
  z.strictObject({ type: z.literal("pipeline"), name: z.string() }),
]);

const jobsSchema: z.ZodType<readonly KeptJob[]> = z.array(
  z.object({
    id: z.string(),
    file: z.string(),
    line: z.number(),
    column: z.number(),
    options: z.record(z.string(), z.unknown()),
    task: taskSchema,
    digest: z.string(),
  }),
);

/** Characters of a piece: with its quotes, a document may have 64 KiB. */
const PIECE_CHARS = 60_000;

/** Jobs as texts, each of which a document can hold. */
export function packJobs(jobs: readonly KeptJob[]): string[] {
  const text = gzipSync(JSON.stringify(jobs)).toString("base64");
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += PIECE_CHARS)
    pieces.push(text.slice(at, at + PIECE_CHARS));
  return pieces;
}

/** @throws what is wrong with the pieces */
export function unpackJobs(pieces: readonly string[]): readonly KeptJob[] {
  const text = gunzipSync(Buffer.from(pieces.join(""), "base64")).toString("utf8");
  return jobsSchema.parse(JSON.parse(text));
}
